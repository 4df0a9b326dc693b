"""GPU: normalizing uint8 views, our one-pass kernel against torch's elementwise operations.

    python -m benchmarks.gpu_normalize

Bytes moved per element: 1 read, 2 written (bfloat16); the limit is the copy rate measured in the
same run. Prints JSON and writes benchmarks/results/gpu-normalize.json.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

import torch

from benchmarks.machine import RESULTS, write_record
from fastpass.augment.normalize import _normalize_with_torch, normalize_on_device

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def milliseconds(work: Callable[[], object], repeats: int = 30) -> float:
    """Median time of one call, by CUDA events."""
    times = []
    for repeat in range(repeats + 5):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        end.synchronize()
        if repeat >= 5:
            times.append(start.elapsed_time(end))
    return statistics.median(times)


def main() -> None:
    if not torch.cuda.is_available():
        sys.exit("this benchmark needs a CUDA GPU")
    pixels = torch.randint(0, 256, (512, 3, 224, 224), dtype=torch.uint8, device="cuda")
    count = pixels.numel()
    source = torch.empty(count * 3 // 2, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    rows = {
        "fastpass": milliseconds(lambda: normalize_on_device(pixels, MEAN, STD, torch.bfloat16)),
        "torch": milliseconds(lambda: _normalize_with_torch(pixels, MEAN, STD, torch.bfloat16)),
        "copy of as many bytes": milliseconds(lambda: target.copy_(source)),
    }
    body = {
        "gpu": torch.cuda.get_device_name(),
        "milliseconds": rows,
        "gigabytes_per_second": 3 * count / rows["fastpass"] / 1e6,
        "ratio_to_torch": rows["torch"] / rows["fastpass"],
        "share_of_copy_rate": rows["copy of as many bytes"] / rows["fastpass"],
    }
    print(write_record("gpu_normalize", body, RESULTS / "gpu-normalize.json").read_text())


if __name__ == "__main__":
    main()
