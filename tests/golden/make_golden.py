"""Writes the golden files. They were made once, by the commit named in files/values.json.

    PYTHONPATH=OLD_TREE python tests/golden/make_golden.py [--pictures]

Only for a change that is meant: later commits are compared with what stands there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import golden_values as golden
from golden_values import CHECKPOINT_STEP, FILES, INDEX, RUN, TAR, TAR_TIME

import fastpass as fp


def _commit() -> str:
    tree = Path(fp.__file__).parents[1]
    return subprocess.run(
        ["git", "-C", str(tree), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _train(folder: Path) -> None:
    """A whole run, of which the checkpoint of CHECKPOINT_STEP is kept."""
    golden.train(folder / RUN)
    kept, run = FILES / RUN, folder / RUN
    shutil.rmtree(kept, ignore_errors=True)
    name = f"step-{CHECKPOINT_STEP:08d}"
    shutil.copytree(run / "checkpoints" / name, kept / "checkpoints" / name)
    _leave_out_programs(kept / "checkpoints" / name)
    (kept / "checkpoints" / "latest").write_text(name + "\n")
    lines = (run / "log.jsonl").read_text().splitlines(keepends=True)
    (kept / "log.jsonl").write_text("".join(lines[:CHECKPOINT_STEP]))
    shutil.copyfile(run / "config.json", kept / "config.json")
    golden.export(kept, FILES / "encoder.safetensors")


def _leave_out_programs(checkpoint: Path) -> None:
    """DeepSpeed copies two of its programs into every checkpoint; nothing reads them."""
    state = json.loads((checkpoint / "state.json").read_text())
    for path in checkpoint.glob("*.py"):
        path.unlink()
        del state["files"][path.name]
    state.pop("crc32", None)
    (checkpoint / "state.json").write_text(json.dumps(state, indent=1))


def _spelled(values: dict[str, Any]) -> str:
    """JSON with a line for each value two levels down."""
    parts = []
    for name, value in values.items():
        inner = json.dumps(value)
        if isinstance(value, dict):
            lines = [f"  {json.dumps(key)}: {json.dumps(line)}" for key, line in value.items()]
            inner = "{\n" + ",\n".join(lines) + "\n }"
        parts.append(f" {json.dumps(name)}: {inner}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    FILES.mkdir(exist_ok=True)
    if "--pictures" in sys.argv:
        from made_pictures import write_tar

        write_tar(FILES / TAR)
    os.utime(FILES / TAR, (TAR_TIME, TAR_TIME))
    subprocess.run([sys.executable, "-m", "fastpass.cli", "index", str(FILES / TAR)], check=True)
    assert (FILES / INDEX).exists()
    fp.recipes.save(golden.custom_recipe(), FILES / "recipe.toml")
    with tempfile.TemporaryDirectory() as temporary:
        folder = golden.laid_out(Path(temporary))
        images = golden.unpacked(folder)
        _train(folder)
        values = {
            "commit": _commit(),
            "samples": golden.samples(folder),
            "decoded": golden.decoded(folder),
            "drawn": golden.drawn(),
            "views": golden.views(folder, golden.published_recipes()),
            "custom views": golden.views(folder, {"golden": golden.custom_recipe()}),
            "loader": golden.saved_states(folder),
            "hashes": golden.hashes(folder),
            "dedup": golden.deduplicated(images, folder / "out", "--index", FILES / "codes.fpc"),
            "losses": golden.losses(folder / RUN, CHECKPOINT_STEP + 1),
            "features": golden.features(FILES / "encoder.safetensors"),
        }
    (FILES / "values.json").write_text(_spelled(values))


if __name__ == "__main__":
    main()
