#!/usr/bin/env bash
# `make gpu`, on a machine with an NVIDIA GPU: build with CUDA, run every GPU test so that none can
# pass by being skipped, then compute-sanitizer, then the GPU benchmarks.
#
# Needs python3 with torch, numpy, pybind11, pytest; nvcc, cmake, ninja; no network. Uses .venv
# instead where it exists. What is missing beyond that is named, and its rows are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$([ -x .venv/bin/python ] && echo "$PWD/.venv/bin/python" || command -v python3)
export PYTHONPATH="$PWD:$PWD/tests" FASTPASS_REQUIRE_CUDA=1 PYTHONDONTWRITEBYTECODE=1

turbo=ON
echo '#include <cstdio>
#include <jpeglib.h>' | g++ -E -x c++ - >/dev/null 2>&1 || { turbo=OFF; echo "[gpu] jpeglib.h not found: built without the turbo decoder"; }
for module in nvidia.dali ffcv deepspeed kornia; do
  "$python" -c "import $module" 2>/dev/null || echo "[gpu] $module not found: its rows are left out"
done

PYTHON=$python bash scripts/build_here.sh -DFASTPASS_CUDA=ON -DFASTPASS_TURBO=$turbo
# These files and no others: the rest may import what is not there.
files=$(grep -rlE "needs_cuda|support.devices|gpu: torch.device" tests --include="test_*.py")
"$python" -m pytest -q -p no:cacheprovider -m needs_cuda $files
small="tests/decode/test_tensors.py tests/augment/test_render_tensors.py"
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    compute-sanitizer --tool $tool --error-exitcode 1 \
      "$python" -m pytest -q -p no:cacheprovider -m needs_cuda -k "not photos and not chunk" $small
  done
else
  echo "[gpu] compute-sanitizer not found: memory checks are left out"
fi
"$python" -m benchmarks.gpu_resources
for benchmark in decode augment feed train; do
  "$python" -m "benchmarks.gpu_$benchmark"
done
