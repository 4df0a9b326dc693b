"""JPEG bytes to RGB on one thread, as Python calls it: ours, Pillow, simplejpeg."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fastpass.augment import draw, recipes
from fastpass.backend_list import backends
from fastpass.bench.job_loop import Run, measure_runs, work_rows
from fastpass.bench.peers.decode_peer import DecodeJob, DecodePeer, Photo
from fastpass.bench.peers.decoders import FastpassDecode, PillowDecode, SimplejpegDecode
from fastpass.bench.peers.photos import collect_photos
from fastpass.bench.record import is_ours
from fastpass.common.progress import OnProgress, no_progress
from fastpass.decode import build_seek_index, probe
from fastpass.pack.sources import Source
from fastpass.types import CropBox

CROP_SCALES = {"rrc_crop": (0.08, 1.0), "local_crop": (0.05, 0.4)}


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
        _check(peers, jobs[0])
        runs = {peer.name: _run(peer, jobs) for peer in peers}
        times = measure_runs(runs, repeats, seconds, advance)
        num_pixels = sum(job.num_pixels for job in jobs)
        ours = [name for name in runs if is_ours(name)]
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
    photos = [Photo(image, probe(image), build_seek_index(image) or None) for image in data]
    works = {"whole": ("whole image", [DecodeJob(photo) for photo in photos])}
    for name, scale in CROP_SCALES.items():
        recipe, jobs = recipes.rrc(scale=scale), []
        for position, photo in enumerate(photos):
            height, width = photo.info.height, photo.info.width
            (view,) = draw(recipe, height, width, seed=seed, sample_id=position)
            jobs.append(DecodeJob(photo, CropBox(view.top, view.left, view.height, view.width)))
        works[name] = (f"region of scale {scale[0]} to {scale[1]}", jobs)
    return works


def load_decoders() -> tuple[list[DecodePeer], dict[str, str]]:
    """(the decoders that run here, why each other one is left out)."""
    found: list[DecodePeer] = [FastpassDecode("fastpass auto", "auto", indexed=True)]
    missing: dict[str, str] = {}
    turbo = next(b for b in backends() if (b.stage, b.name) == ("decode", "turbo"))
    if turbo.available:
        found.append(FastpassDecode("fastpass turbo", "turbo"))
    else:
        missing["fastpass turbo"] = turbo.reason
    found.append(PillowDecode())
    try:
        found.append(SimplejpegDecode())
    except ImportError as error:
        missing["simplejpeg"] = f"not installed: {error.name or error}"
    return found, missing


def _run(peer: DecodePeer, jobs: Sequence[DecodeJob]) -> Run:
    def run() -> None:
        for job in jobs:
            peer.decode(job)

    return run


def _check(peers: Sequence[DecodePeer], job: DecodeJob) -> None:
    """No peer may win by doing less."""
    wanted = np.asarray(peers[0].decode(job)).shape
    for peer in peers:
        shape = np.asarray(peer.decode(job)).shape
        if shape != wanted:
            raise RuntimeError(f"{peer.name} gave pixels of shape {shape}, wanted {wanted}")
