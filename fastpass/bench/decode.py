"""JPEG bytes to RGB on one thread, as Python calls it: ours, Pillow, simplejpeg."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fastpass.augment import draw, recipes
from fastpass.backend_list import backends
from fastpass.bench.job_loop import Run, measure_runs, work_rows
from fastpass.bench.peers.photos import collect_photos
from fastpass.bench.record import is_ours
from fastpass.common.progress import OnProgress, no_progress
from fastpass.decode import build_seek_index, decode_jpeg, probe
from fastpass.pack.sources import Source
from fastpass.types import CropBox

CROP_SCALES = {"rrc_crop": (0.08, 1.0), "local_crop": (0.05, 0.4)}


@dataclass(frozen=True)
class DecodeJob:
    """One decode; box None is the whole image."""

    data: bytes
    index: bytes
    num_pixels: int  # of the result
    box: CropBox | None = None


Decode = Callable[[DecodeJob], Any]


def run_decode(
    source: Source,
    scratch: Path,
    *,
    repeats: int = 5,
    seconds: float = 0.5,
    limit: int | None = 200,
    seed: int = 0,
    on_progress: OnProgress = no_progress,
) -> dict[str, Any]:
    """The body of the record: whole images, and regions as multi-crop training wants them.

    Raises what ``collect_photos`` raises, and RuntimeError when a peer of libjpeg-turbo's
    arithmetic gives pixels of another size.
    """
    photos = collect_photos(source, scratch, limit=limit)
    data = [path.read_bytes() for path in photos.files]
    peers, left_out = load_decoders()
    works: dict[str, Any] = {}
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        on_progress("decoding", done, repeats * len(peers) * 3)

    for name, (title, jobs) in decode_works(data, seed).items():
        runs = {peer: _run(decode, jobs) for peer, decode in peers.items()}
        _check(peers, jobs[0])
        times = measure_runs(runs, repeats, seconds, advance)
        num_pixels = sum(job.num_pixels for job in jobs)
        ours = [peer for peer in peers if is_ours(peer)]
        works[name] = {"title": title, "rows": work_rows(times, len(jobs), num_pixels, ours)}
    settings = {
        "num_photos": len(data),
        "kb_per_photo": round(sum(map(len, data)) / len(data) / 1e3, 1),
        "repeats": repeats,
        "seconds": seconds,
        "threads": 1,
        "seed": seed,
    }
    return {
        "unit": "ms of processor time per image",
        "settings": settings,
        "works": works,
        "left_out": left_out,
        "photos_left_out": photos.left_out,
    }


def decode_works(data: Sequence[bytes], seed: int) -> dict[str, tuple[str, list[DecodeJob]]]:
    """name -> (title, a job per photo); boxes as RandomResizedCrop draws them."""
    whole, works = [], {}
    for image in data:
        info = probe(image)
        whole.append(DecodeJob(image, build_seek_index(image), info.width * info.height))
    works["whole"] = ("whole image", whole)
    for name, scale in CROP_SCALES.items():
        recipe, jobs = recipes.rrc(scale=scale), []
        for position, job in enumerate(whole):
            info = probe(job.data)
            (view,) = draw(recipe, info.height, info.width, seed=seed, sample_id=position)
            box = CropBox(view.top, view.left, view.height, view.width)
            jobs.append(DecodeJob(job.data, job.index, box.height * box.width, box))
        works[name] = (f"region of scale {scale[0]} to {scale[1]}", jobs)
    return works


def load_decoders() -> tuple[dict[str, Decode], dict[str, str]]:
    """(name -> one decode, why each other one is left out)."""
    found: dict[str, Decode] = {"fastpass auto": _ours("auto")}
    missing: dict[str, str] = {}
    turbo = next(b for b in backends() if (b.stage, b.name) == ("decode", "turbo"))
    if turbo.available:
        found["fastpass turbo"] = _ours("turbo")
    else:
        missing["fastpass turbo"] = turbo.reason
    found["Pillow"] = _pillow
    try:
        found["simplejpeg"] = _simplejpeg()
    except ImportError as error:
        missing["simplejpeg"] = f"not installed: {error.name or error}"
    return found, missing


def _ours(backend: str) -> Decode:
    def decode(job: DecodeJob) -> Any:
        # A whole image gains nothing from its index, which would be checked first.
        index = job.index if job.box is not None else None
        return decode_jpeg(job.data, backend=backend, crop=job.box, index=index or None)

    return decode


def _pillow(job: DecodeJob) -> Any:
    from PIL import Image

    image: Image.Image = Image.open(io.BytesIO(job.data))
    image.load()
    if image.mode != "RGB":  # convert would copy
        image = image.convert("RGB")
    if job.box is None:
        return image
    top, left = job.box.top, job.box.left
    return image.crop((left, top, left + job.box.width, top + job.box.height))


def _simplejpeg() -> Decode:
    import simplejpeg

    def decode(job: DecodeJob) -> Any:
        pixels = simplejpeg.decode_jpeg(job.data, "RGB")
        if job.box is None:
            return pixels
        top, left = job.box.top, job.box.left
        return pixels[top : top + job.box.height, left : left + job.box.width]

    return decode


def _run(decode: Decode, jobs: Sequence[DecodeJob]) -> Run:
    def run() -> None:
        for job in jobs:
            decode(job)

    return run


def _check(peers: dict[str, Decode], job: DecodeJob) -> None:
    """No peer may win by doing less."""
    wanted = np.asarray(peers["fastpass auto"](job)).shape
    for name, decode in peers.items():
        shape = np.asarray(decode(job)).shape
        if shape != wanted:
            raise RuntimeError(f"{name} gave pixels of shape {shape}, wanted {wanted}")
