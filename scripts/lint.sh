#!/usr/bin/env bash
# The checks of `make lint`, of the pre-commit hooks and of CI: the same list, here only.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
native=$(git ls-files '*.h' '*.cpp' '*.cu' '*.cuh')

ruff check .
ruff format --check .
clang-format --dry-run --Werror $native
mypy
