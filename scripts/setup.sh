#!/usr/bin/env bash
# Everything `make demo` or `make test` needs, on a bare Debian or Ubuntu machine. Idempotent: what
# is already there is not touched, and a second run takes about a second.
#
#   scripts/setup.sh demo    the main job: compiler and libjpeg-turbo, .venv, torch, timm, DeepSpeed, build
#   scripts/setup.sh test    that, and what the tests compare with: DALI, FFCV, linters, pytest
set -euo pipefail
cd "$(dirname "$0")/.."
level=${1:?usage: setup.sh demo|test}

say() { printf '\033[1m[setup]\033[0m %s\n' "$*"; }
fail() { printf '[setup] %s\n' "$*" >&2; exit 1; }

[ "$(uname -s)" = Linux ] || fail "fastpass needs Linux; this is $(uname -s). WSL 2 or a container works."
[ "$(uname -m)" = x86_64 ] || [ "$(uname -m)" = aarch64 ] || fail "fastpass needs x86-64 or 64-bit Arm; this is $(uname -m)."

old_python() { python3 -c 'import sys; sys.exit(sys.version_info >= (3, 11))'; }
refuse_old_python() { fail "fastpass needs Python 3.11 or newer; python3 is $(python3 --version). Debian 12 and Ubuntu 24.04 have it."; }
if command -v python3 >/dev/null && old_python; then refuse_old_python; fi

# ---- system packages ---------------------------------------------------------------------------
declare -A packages=(  # file or command that proves it is there -> Debian package
  [g++]=g++ [cmake]=cmake [git]=git
  [jpeglib.h]=libjpeg-dev [venv]=python3-venv [Python.h]=python3-dev
)
[ "$level" = demo ] || packages+=([pkg-config]=pkg-config [opencv]=libopencv-dev [turbojpeg]=libturbojpeg0-dev)

is_there() {
  case $1 in
    jpeglib.h) echo '#include <cstdio>
#include <jpeglib.h>' | g++ -E -x c++ - >/dev/null 2>&1 ;;
    venv) python3 -c 'import venv, ensurepip' >/dev/null 2>&1 ;;
    Python.h) python3 -c 'import sysconfig, os, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' ;;
    opencv) pkg-config --exists opencv4 ;;
    turbojpeg) pkg-config --exists libturbojpeg ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

command -v python3 >/dev/null || packages+=([python3]=python3)
missing=()
for proof in "${!packages[@]}"; do is_there "$proof" || missing+=("${packages[$proof]}"); done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "missing: ${missing[*]} (Debian names). Only Debian and Ubuntu are installed by themselves; install these with your system's package manager, then run this again."
  as_root=""
  [ "$(id -u)" = 0 ] || as_root=sudo
  [ -z "$as_root" ] || command -v sudo >/dev/null || fail "missing: ${missing[*]}. Run as root, or install sudo."
  say "system packages: ${missing[*]}"
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if old_python; then refuse_old_python; fi

# ---- Python packages ---------------------------------------------------------------------------
# Not there, cut short before pip arrived, or moved with the checkout (its scripts name the old path):
if ! .venv/bin/python -m pip --version >/dev/null 2>&1 || [ "$(cat .venv/.fastpass-home 2>/dev/null)" != "$PWD" ]; then
  say "virtual environment .venv"
  rm -rf .venv
  python3 -m venv .venv
  echo "$PWD" >.venv/.fastpass-home
fi
# --no-compile: modules are compiled when they are first imported, most never are.
pip() { .venv/bin/python -m pip --disable-pip-version-check -q "$@"; }
install() { pip install --no-compile "$@"; }
export PATH="$PWD/.venv/bin:$PATH"

# A stamp per step, named after what the step depends on.
step() {  # step NAME KEY COMMAND...: run once per KEY
  local stamp=".venv/.fastpass-$1" key=$2
  [ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && return
  shift 2
  "$@"
  echo "$key" >"$stamp"
}
wanted=$(cat pyproject.toml scripts/setup.sh | sha256sum)

install_demo() {
  say "build tools, torch, timm (about a minute and a half)"
  install 'scikit-build-core>=0.11' 'pybind11>=3.0' ninja setuptools wheel
  install torch torchvision timm
  say "DeepSpeed and the rest"
  DS_BUILD_OPS=0 install --no-build-isolation $(scripts/requirements.py train curate)
}
install_test() {
  say "test peers: DALI, FFCV, linters, pytest (about two minutes)"
  install --prefer-binary $(scripts/requirements.py dev bench dali ray)
  # FFCV is a source archive that wants numpy and opencv at build time from outside.
  install --prefer-binary $(scripts/requirements.py ffcv)
}
build() {
  say "native modules (nvcc: $(command -v nvcc || echo "not found, the CUDA module is left out"))"
  pip install --no-build-isolation --no-deps -e . --config-settings=cmake.define.FASTPASS_CPP_TESTS=OFF \
    --config-settings=cmake.define.FASTPASS_WERROR="${FASTPASS_WERROR:-OFF}"
}

step demo "$wanted" install_demo
[ "$level" = demo ] || step test "$wanted" install_test
sources=$(find csrc CMakeLists.txt pyproject.toml -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
step build "$PWD $(command -v nvcc || true) $sources" build
