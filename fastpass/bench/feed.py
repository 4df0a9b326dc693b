"""JPEG bytes to normalized batches: images per second of our loader and of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastpass.augment.recipes import RECIPES
from fastpass.bench.feed_report import feed_rows, output_pixels
from fastpass.bench.measure import Entry, measure_all
from fastpass.bench.parity import Mode, RenderJob, difference_from_pillow, render_jobs
from fastpass.bench.peers.feed_peer import FeedJob
from fastpass.bench.peers.photos import Photos, collect_photos
from fastpass.bench.peers.registry import FEED_PEERS, load_feed_peers
from fastpass.bench.work_count import count_work
from fastpass.common.progress import OnProgress, no_progress
from fastpass.errors import MissingBackend
from fastpass.pack.sources import Source

WORKS = {
    "dino": "DINO, 2x224 + 8x96",
    "moco_v2": "MoCo v2, 2x224",
    "rrc": "random resized crop 224 + flip",
}
COLD_PEERS = ("fastpass", "torchvision")  # the others read ahead in ways of their own
MIN_BATCHES_PER_EPOCH = 32


@dataclass(frozen=True)
class FeedPlan:
    """What to measure. seconds: least length of a measurement; parity_photos: 0 leaves it out."""

    recipes: tuple[str, ...] = tuple(WORKS)
    threads: tuple[int, ...] = (1,)
    peers: tuple[str, ...] = tuple(FEED_PEERS)
    modes: tuple[Mode, ...] = ("fast", "exact")
    backends: tuple[str, ...] = ("native",)
    batch_size: int = 32
    repeats: int = 5
    seconds: float = 3.0
    limit: int | None = None
    parity_photos: int = 20
    seed: int = 0
    is_cold: bool = False


def run_feed(
    source: Source,
    plan: FeedPlan,
    scratch: Path,
    on_progress: OnProgress = no_progress,
) -> dict[str, Any]:
    """The body of the record: settings, works (name -> rows), what was left out and why.

    ``on_progress`` gets (what is going on, steps done, steps in all). Raises BadPack for a source
    without JPEGs, MissingBackend where no peer can run.
    """
    on_progress("reading photos", 0, 1)
    epoch_size = 0 if plan.is_cold else MIN_BATCHES_PER_EPOCH * plan.batch_size
    photos = collect_photos(
        source, scratch, limit=plan.limit, epoch_size=max(epoch_size, plan.batch_size)
    )
    works = {name: _run_work(name, plan, photos, scratch, on_progress) for name in plan.recipes}
    if not any(work["rows"] for work in works.values()):
        reasons = {f"{k}: {v}" for work in works.values() for k, v in work["left_out"].items()}
        raise MissingBackend(f"no loader can run here ({'; '.join(sorted(reasons))})")
    return {
        "unit": "images/s",
        "settings": _settings(plan, photos),
        "works": works,
        "photos_left_out": photos.left_out,
    }


def _run_work(
    name: str,
    plan: FeedPlan,
    photos: Photos,
    scratch: Path,
    on_progress: OnProgress,
) -> dict[str, Any]:
    entries: list[Entry] = []
    missing: dict[str, str] = {}
    for threads in plan.threads:
        job = _job(name, plan, photos, scratch, threads)
        peers, missing = load_feed_peers(_peers_of(plan), job)
        if plan.is_cold:
            missing |= dict.fromkeys(set(plan.peers) - set(COLD_PEERS), "not measured cold")
        entries += [Entry(peer, job) for peer in peers]
    total, done = plan.repeats * len(entries), 0

    def advance() -> None:
        nonlocal done
        done += 1
        on_progress(f"measuring {name}", done, total)

    measure_all(entries, plan.repeats, plan.seconds, advance, is_cold=plan.is_cold)
    missing |= {entry.peer.name: entry.failure for entry in entries if entry.failure}
    entries = [entry for entry in entries if not entry.failure]
    jobs = _parity_jobs(name, plan, photos)
    parity, why_not = _parity(jobs, plan)
    if why_not:
        missing["difference from Pillow"] = why_not
    counted = {"work_per_output_pixel": count_work(jobs)} if jobs else {}
    return {
        "title": WORKS[name],
        "output_pixels_per_image": output_pixels(RECIPES[name]()),
        **counted,
        **feed_rows(entries, parity),
        "left_out": missing,
    }


def _parity(jobs: Sequence[RenderJob], plan: FeedPlan) -> tuple[dict[str, Any], str]:
    """(mode -> difference from Pillow, why there is none)."""
    if not jobs or "fastpass" not in plan.peers:
        return {}, ""
    try:
        return {mode: difference_from_pillow(jobs, mode) for mode in plan.modes}, ""
    except ImportError as error:
        return {}, f"not installed: {error.name or error}"


def _parity_jobs(name: str, plan: FeedPlan, photos: Photos) -> list[RenderJob]:
    """Photos spread over the source."""
    if plan.parity_photos == 0:
        return []
    step = -(-len(photos.files) // plan.parity_photos)
    jpegs = [path.read_bytes() for path in photos.files[::step]]
    return render_jobs(jpegs, RECIPES[name](), plan.seed)


def _peers_of(plan: FeedPlan) -> Sequence[str]:
    return [name for name in plan.peers if not plan.is_cold or name in COLD_PEERS]


def _job(name: str, plan: FeedPlan, photos: Photos, scratch: Path, threads: int) -> FeedJob:
    return FeedJob(
        photos=photos,
        recipe=RECIPES[name](),
        batch_size=plan.batch_size,
        threads=threads,
        seed=plan.seed,
        scratch=scratch,
        modes=plan.modes,
        backends=plan.backends,
        reads=("mmap", "pread") if plan.is_cold else None,
    )


def _settings(plan: FeedPlan, photos: Photos) -> dict[str, Any]:
    num_bytes = sum(path.stat().st_size for path in photos.files)
    return {
        "num_photos": len(photos.files),
        "kb_per_photo": round(num_bytes / len(photos.files) / 1e3, 1),
        "copies_in_tar": photos.copies,
        "threads": list(plan.threads),
        "batch_size": plan.batch_size,
        "repeats": plan.repeats,
        "seconds": plan.seconds,
        "page_cache": "cold" if plan.is_cold else "warm",
        "seed": plan.seed,
    }
