#!/usr/bin/env bash
# Development build: native modules straight into fastpass/ of this tree (use with PYTHONPATH=.).
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-$PWD/.venv/bin/python}
mkdir -p build
cmake -S . -B build/here -G Ninja -DCMAKE_BUILD_TYPE=Release -DPython_EXECUTABLE="$python" "$@" >build/here.log 2>&1 || { cat build/here.log; exit 1; }
cmake --build build/here -j2
# Replaced by a rename: processes that have the old module mapped keep it.
for module in build/here/csrc/bindings/_c*.so; do
  cp "$module" fastpass/.new.so && mv fastpass/.new.so "fastpass/$(basename "$module")"
done
