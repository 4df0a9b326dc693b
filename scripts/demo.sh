#!/usr/bin/env bash
# The main job end to end on the embedded data: fractals in, a trained encoder and a report out.
# Finished stages are reused; FORCE=1 starts over. RUN_DIR chooses another folder.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

run=${RUN_DIR:-runs/demo}
config=configs/dino_demo.toml

# The stages remove what an earlier demo left in their folders, and nobody else's files.
if [ -n "$(ls "$run" 2>/dev/null)" ] && [ ! -e "$run/done" ]; then
  echo "demo: $run has content, but not of a demo: choose another folder with RUN_DIR" >&2
  exit 1
fi
[ "${FORCE:-0}" != 1 ] || rm -rf "$run/done"
mkdir -p "$run/done"
: >"$run/commands.txt"
everything_reused=1
# Other code or another recipe: other results, whatever the commands look like.
sources=$(find fastpass csrc train.py "$config" -name '*.py' -o -name '*.toml' -o -name '*.cpp' -o -name '*.h' |
  sort | xargs cat | sha256sum)

# The words of a command, quoted so that it can be typed again.
shown() {
  local word line=
  for word in "$@"; do
    case $word in *[!A-Za-z0-9_./=:,+-]*) word="'$word'" ;; esac
    line+="${line:+ }$word"
  done
  echo "$line"
}

# stage NAME COMMAND...: run COMMAND, once; what it left in $run/NAME before is removed first.
# A stage counts as done when the very same command has finished with the same sources and no earlier
# stage ran anew.
stage() {
  local name=$1 mark="$run/done/$1" line started=$SECONDS
  shift
  line=$(shown "$@")
  echo "$line" >>"$run/commands.txt"
  if [ "$everything_reused" = 1 ] && [ "$(cat "$mark" 2>/dev/null)" = "$line $sources" ]; then
    echo "== $name: done before"
    return
  fi
  everything_reused=0
  rm -rf "$mark" "${run:?}/$name" "$run/${name//-/_}.json"
  echo "== $name: $line"
  "$@"
  echo "$line $sources" >"$mark"
  echo "== $name: $((SECONDS - started)) s"
}

# One training process per GPU, or two on the CPU.
accelerators=$(python -c 'import torch
print(torch.cuda.device_count() if torch.cuda.is_available() else 2)')
knn=(fastpass evaluate knn --checkpoint "$run/train"
  --train "$run/data/train-*.tar" --val "$run/data/val-*.tar")

stage data fastpass synth -o "$run/data"
stage index fastpass index "$run"/data/train-*.tar "$run"/data/val-*.tar
stage train deepspeed --num_accelerators "$accelerators" train.py --config "$config" \
  --data "$run/data/train-*.tar" --output "$run/train"
stage knn "${knn[@]}" --untrained --curve -o "$run/knn.json"
stage knn-pixels "${knn[@]}" --features pixels -o "$run/knn_pixels.json"

echo "== report"
fastpass report "$run" --force -o "$run/report.html" --image "$run/data/train-000000.tar"
echo "== all of it took $SECONDS s; open $run/report.html in a browser"
