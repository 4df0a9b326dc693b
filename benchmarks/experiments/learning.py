"""Does training teach anything? k-NN of the trained encoder against the same one untrained.

    python -m benchmarks.learning cifar10 --seeds 0 1
    python -m benchmarks.learning fractals --seeds 0 1

Runs the whole line with the commands a user would type (two ranks): shards, index,
``deepspeed train.py``, ``fastpass evaluate knn``. CIFAR-10 is the JPEG subset found through
FASTPASS_SHARED (10,000 train, 2,000 test images); fractals are the embedded data of the demo.
Prints a table and writes benchmarks/results/learning-<name>.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.cifar10 import write_cifar10

from benchmarks.machine import RESULTS, write_record

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def run(*command: object) -> float:
    """Run one command of the line; returns its minutes."""
    words = [str(word) for word in command]
    print("$", " ".join(words), flush=True)
    started = time.perf_counter()
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    subprocess.run(words, check=True, cwd=ROOT, env=environment)
    return (time.perf_counter() - started) / 60


def make_data(name: str, folder: Path) -> None:
    if name == "fractals":
        run("fastpass", "synth", "-o", folder)
    else:
        write_cifar10(folder)
    run("fastpass", "index", *sorted(folder.glob("*.tar")))


def measure(config: str, data: Path, output: Path, seed: int) -> dict[str, Any]:
    minutes = run(
        *("deepspeed", "--num_accelerators", 2, "train.py", "--config", config),
        *("--data", f"{data}/train-*.tar", "--output", output, f"train.seed={seed}"),
    )
    report = output / "knn.json"
    run(
        *("fastpass", "evaluate", "knn", "--checkpoint", output, "--untrained", "-o", report),
        *("--train", f"{data}/train-*.tar", "--val", f"{data}/val-*.tar"),
    )
    return {"seed": seed, "train_minutes": minutes, "knn": json.loads(report.read_text())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=["cifar10", "fractals"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    arguments = parser.parse_args()
    config = f"configs/dino_{'cifar10' if arguments.name == 'cifar10' else 'demo'}.toml"
    folder = Path("runs/learning") / arguments.name  # relative: the records name no machine
    data = folder / "data"
    os.chdir(ROOT)
    if not data.exists():
        make_data(arguments.name, data)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    rows = [measure(config, data, folder / f"{stamp}-{s}", s) for s in arguments.seeds]
    body = {"data": arguments.name, "config": config, "seeds": rows}
    path = write_record("learning", body, RESULTS / f"learning-{arguments.name}.json")
    print(path.read_text())


if __name__ == "__main__":
    main()
