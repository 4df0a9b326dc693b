#!/usr/bin/env bash
# `make fuzz`: differential fuzzing of the JPEG decoders against libjpeg-turbo, one process per
# processor, MINUTES (20) long, under the address and undefined-behaviour sanitizers.
#
# With clang: every other process is libFuzzer, guided by coverage; root on Debian or Ubuntu gets clang
# installed. The rest, or all without clang: the stand-alone driver, whose mutants of good files are
# accepted more often. Both start from the hostile files below
# FASTPASS_SHARED, where those are, and from small files made on the spot. What either finds is left in
# build/fuzz/; the corpus there is kept from run to run.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
seconds=$((60 * ${MINUTES:-20}))
hostile=${FASTPASS_SHARED:-$PWD/../shared}/data/jpeg_hostile
processes=${PROCESSES:-$(nproc)}

install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1; }
# clang and its libFuzzer, which Debian packages apart from it.
has_libfuzzer() {
  command -v clang++ >/dev/null &&
    echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }' |
    clang++ -x c++ -fsanitize=fuzzer,address -o /dev/null - 2>/dev/null
}
get_libfuzzer() {
  has_libfuzzer && return
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo "[fuzz] installing clang"
  apt-get update -qq && install clang || return 1
  has_libfuzzer || install "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev" || return 1
  has_libfuzzer
}

if get_libfuzzer; then preset=fuzz; else preset=asan; echo "[fuzz] no libFuzzer here: the stand-alone driver"; fi
cmake --preset "$preset" >/dev/null
if [ "$preset" = fuzz ]; then cmake --build --preset fuzz; else cmake --build build/asan --target fuzz_driver; fi

corpus=build/fuzz/corpus
mkdir -p "$corpus"
places=()
[ ! -d "$hostile" ] || places+=("$hostile")
"build/$preset/tests/fuzz/fuzz_driver" --write-seeds "$corpus"

fuzz_one() {  # fuzz_one NUMBER
  local seed=$((${SEED:-1} + $1))
  if [ "$preset" = fuzz ] && [ $(($1 % 2)) = 0 ]; then
    build/fuzz/tests/fuzz/fuzz_decode -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2500 \
      -seed="$seed" -artifact_prefix="build/fuzz/failure-$1-" "$corpus" "${places[@]}"
  else
    mkdir -p "build/fuzz/driver-$1"
    cd "build/fuzz/driver-$1"  # fuzz-failure.jpg is written here; this runs in a process of its own
    "../../$preset/tests/fuzz/fuzz_driver" --seconds "$seconds" --seed "$seed" "${places[@]}"
  fi
}

pids=()
for ((i = 0; i < processes; i++)); do
  fuzz_one "$i" >"build/fuzz/log-$i.txt" 2>&1 &
  pids+=($!)
done
failed=0
for ((i = 0; i < processes; i++)); do
  if wait "${pids[$i]}"; then
    grep "inputs;" "build/fuzz/log-$i.txt" | tail -1
  else
    failed=1
    tail -30 "build/fuzz/log-$i.txt"
  fi
done
[ "$failed" = 0 ] || echo "[fuzz] FAILED: the inputs are in build/fuzz/"
exit "$failed"
