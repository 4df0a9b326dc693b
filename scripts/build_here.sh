#!/usr/bin/env bash
# Development build: native modules straight into fastpass/ of this tree (use with PYTHONPATH=.).
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-$PWD/.venv/bin/python}
mkdir -p build
cmake -S . -B build/here -G Ninja -DCMAKE_BUILD_TYPE=Release -DPython_EXECUTABLE="$python" "$@" >build/here.log 2>&1 || { cat build/here.log; exit 1; }
cmake --build build/here -j2
cp build/here/csrc/bindings/_core*.so fastpass/
[ -z "$(ls build/here/csrc/bindings/_cuda*.so 2>/dev/null)" ] || cp build/here/csrc/bindings/_cuda*.so fastpass/
