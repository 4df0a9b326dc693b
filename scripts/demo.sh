#!/usr/bin/env bash
# The main job end to end on the embedded data: fractals in, a trained encoder and a report out.
# Finished stages are reused; FORCE=1 starts over. RUN_DIR chooses another folder.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

run=${RUN_DIR:-runs/demo}
config=configs/dino_demo.toml
data=$run/data

[ "${FORCE:-0}" != 1 ] || rm -rf "$run"
mkdir -p "$run/done"
: >"$run/commands.txt"
everything_reused=1

# stage NAME OUTPUT COMMAND...: run COMMAND (its stdout into OUTPUT, unless that is "-"), once.
# A stage counts as done when the same command finished before and no earlier stage ran anew.
stage() {
  local name=$1 output=$2 mark="$run/done/$1" shown started=$SECONDS
  shift 2
  shown=$(printf '%q ' "$@" | sed -e 's/\\\*/*/g' -e 's/ $//')
  echo "$shown" >>"$run/commands.txt"
  if [ "$everything_reused" = 1 ] && [ -f "$mark" ] && [ "$(cat "$mark")" = "$shown" ]; then
    echo "== $name: done before"
    return
  fi
  everything_reused=0
  rm -f "$mark"
  echo "== $name: $shown"
  if [ "$output" = - ]; then
    "$@"
  else
    "$@" >"$output.tmp"
    mv "$output.tmp" "$output"
  fi
  echo "$shown" >"$mark"
  echo "== $name: $((SECONDS - started)) s"
}

# One training process per GPU, or two on the CPU.
train_afresh() {
  rm -rf "$run/train"
  "$@"
}

accelerators=$(python -c 'import torch; print(torch.cuda.device_count() if torch.cuda.is_available() else 2)')
train=(deepspeed --num_accelerators "$accelerators" train.py --config "$config"
  --data "$data/train-*.tar" --output "$run/train")
knn=(fastpass evaluate knn --checkpoint "$run/train" --train "$data/train-*.tar"
  --val "$data/val-*.tar" --json)

stage synth - fastpass synth -o "$data" --force
stage index - fastpass index "$data"/train-*.tar "$data"/val-*.tar
stage train - "${train[@]}"
stage knn-trained "$run/knn_trained.json" "${knn[@]}"
stage knn-untrained "$run/knn_untrained.json" "${knn[@]}" --untrained

echo "== report"
fastpass report "$run" -o "$run/report.html" --image "$data/train-000000.tar"
echo "== all of it took $SECONDS s; open $run/report.html in a browser"
