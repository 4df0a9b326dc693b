"""JPEG bytes to RGB tensors on a GPU: ours against nvJPEG and torchvision, whole images.

    python -m benchmarks.gpu_decode

nvJPEG has a row for each of its backends: the decoding hardware where the GPU has it, Huffman
decoding on the GPU, and on the CPU. Every row makes new tensors per batch, as a user's call does.
Ours gives libjpeg-turbo's pixels, which is checked before the clock starts; nvJPEG's are its own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import numpy as np
import torch
from benchmarks.gpu_run import (
    Open,
    device_option,
    open_all,
    rate_rows,
    report,
    require_device,
    synchronize,
)

import fastpass as fp
from benchmarks.photos import list_photos, photo_folder, photos_option, shared_folder
from benchmarks.turns import Work, take_turns


def read_batch(folder: Path, size: int) -> list[bytes]:
    """``size`` files, each as often as it takes."""
    files = [path.read_bytes() for path in list_photos(folder)]
    return [files[i % len(files)] for i in range(size)]


def ours(batch: list[bytes], device: str, *, has_index: bool) -> Open:
    def opened() -> Work:
        index = [fp.build_seek_index(data) for data in batch] if has_index else None

        def work() -> None:
            fp.decode_jpeg(batch, device="cuda", index=index)

        for got, pixels in zip(
            fp.decode_jpeg(batch[:16], device="cuda", index=index and index[:16]),
            fp.decode_jpeg(batch[:16]),
            strict=True,
        ):
            if not np.array_equal(got.cpu().numpy(), pixels):
                raise SystemExit("these are not the CPU's pixels")
        return work

    return opened


def nvjpeg(batch: list[bytes], backend: str) -> Open:
    def opened() -> Work:
        from fastpass.decode.nvjpeg import NvJpegDecoder

        decoder = NvJpegDecoder(backend)  # type: ignore[arg-type]
        views = [memoryview(data) for data in batch]
        infos = [fp.probe(data) for data in batch]

        def work() -> None:
            outputs = [
                torch.empty((info.height, info.width, 3), dtype=torch.uint8, device="cuda")
                for info in infos
            ]
            decoder.decode(views, outputs)

        work()
        return work

    return opened


def torchvision_gpu(batch: list[bytes]) -> Open:
    def opened() -> Work:
        from torchvision.io import ImageReadMode, decode_jpeg

        tensors = [torch.frombuffer(bytearray(data), dtype=torch.uint8) for data in batch]

        def work() -> None:
            decode_jpeg(tensors, mode=ImageReadMode.RGB, device="cuda")
            torch.cuda.synchronize()

        work()
        return work

    return opened


@click.command()
@device_option
@photos_option
@click.option("--batch-size", default=256, show_default=True, type=click.IntRange(min=1))
@click.option("--repeats", default=15, show_default=True, type=click.IntRange(min=1))
def main(device: str, photos: Path | None, batch_size: int, repeats: int) -> None:
    """Measure, print the table, write the record."""
    require_device(device)
    works: dict[str, dict[str, dict[str, float]]] = {}
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as made:
        folders = {"photos": photo_folder(photos, Path(made))}
        large = shared_folder("photos_highres")
        if photos is None and large.is_dir():
            folders["large photos"] = large
        for name, folder in folders.items():
            size = batch_size if name == "photos" else max(1, batch_size // 8)
            batch = read_batch(folder, size)
            entries = {
                "fastpass, indexed": ours(batch, device, has_index=True),
                "fastpass, no index": ours(batch, device, has_index=False),
            }
            if device == "cuda":
                for backend in ("hardware", "gpu_hybrid", "hybrid"):
                    entries[f"nvJPEG, {backend}"] = nvjpeg(batch, backend)
                entries["torchvision"] = torchvision_gpu(batch)
            opened, missing = open_all(entries)
            synchronize(device)
            works[f"{name}, batches of {size}"] = rate_rows(take_turns(opened, repeats), size)
            left_out |= missing
    settings = {"batch_size": batch_size, "repeats": repeats}
    report("decode", device, {"settings": settings, "works": works, "left_out": left_out})


if __name__ == "__main__":
    main()
