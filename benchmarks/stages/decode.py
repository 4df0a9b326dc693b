"""JPEG bytes to RGB on one thread: fastpass's decoders against libjpeg-turbo 3, simplejpeg, Pillow.

    python -m benchmarks.decode --repeats 7

Every peer decodes the same files and the same boxes, in memory, in one process; passes take
turns, so that a slow minute of the machine hits all alike. Time is processor time of the thread.
Before the clock starts, every peer's pixels are compared with libjpeg-turbo's.
"""

from __future__ import annotations

import functools
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from benchmarks.decode_more import measure_indexing, measure_threads
from benchmarks.decode_work import WORKS, Work, make_jobs, photo_sets
from benchmarks.native_decode import NativeDecode, load_decode_loop
from benchmarks.timed_decoder import PythonLoop, TimedDecoder
from benchmarks.turbo_decode import TurboDecode, turbo_version
from rich.console import Console
from rich.table import Table

import fastpass as fp
from benchmarks.machine import output_option, summarize, write_record
from benchmarks.photos import photos_option
from fastpass.bench.peers.decode_peer import DecodeJob, Photo
from fastpass.bench.peers.decoders import FastpassDecode, PillowDecode, SimplejpegDecode
from fastpass.common.progress import shown_progress

INEXACT = "libjpeg-turbo crop + skip"  # its upsampling differs next to what it skipped


def decoders() -> list[str]:
    """Names of the JPEG decoders of this build that run here, ours first."""
    found = [b.name for b in fp.backends() if b.stage == "decode" and b.available]
    return [name for name in ("cpu", "turbo") if name in found]


def load_peers(has_index: bool) -> tuple[list[TimedDecoder], dict[str, str]]:
    """(usable peers, why each other one is left out). Only "cpu" reads a seek index."""
    makers: dict[str, Callable[[], TimedDecoder]] = {}
    for backend in decoders():
        makers[backend] = lambda backend=backend: NativeDecode(backend)
        if backend == "cpu" and has_index:
            makers["indexed"] = lambda backend=backend: NativeDecode(backend, indexed=True)
    call = f"fastpass.decode_jpeg {decoders()[0]}"
    makers |= {
        "call": lambda: PythonLoop(FastpassDecode(call, decoders()[0])),
        "libjpeg-turbo": lambda: TurboDecode("whole image"),
        "libjpeg-turbo crop + skip": lambda: TurboDecode("crop + skip"),
        "simplejpeg": lambda: PythonLoop(SimplejpegDecode()),
        "Pillow": lambda: PythonLoop(PillowDecode()),
    }
    peers: list[TimedDecoder] = []
    missing: dict[str, str] = {}
    for name, make in makers.items():
        try:
            peers.append(make())
        except ImportError as error:
            missing[name] = f"not installed: {error.name or error}"
    return peers, missing


def check_pixels(peers: Sequence[TimedDecoder], jobs: Sequence[DecodeJob]) -> dict[str, float]:
    """Share of decodes equal to fastpass's turbo backend, bit for bit; RuntimeError below 1."""
    wanted = NativeDecode("turbo").digests(jobs)
    shares = {}
    for peer in peers:
        same = [a == b for a, b in zip(wanted, peer.digests(jobs), strict=True)]
        shares[peer.name] = sum(same) / len(same)
        if not all(same) and peer.name != INEXACT:
            raise RuntimeError(
                f"{peer.name}: other pixels than libjpeg-turbo in job {same.index(False)}"
            )
    return shares


def measure(
    peers: Sequence[TimedDecoder],
    jobs: Sequence[DecodeJob],
    repeats: int,
    told: Callable[[int], None],
) -> dict[str, list[float]]:
    """Seconds of every pass of every peer, the peers taking turns."""
    seconds: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for done, peer in enumerate(list(peers) * repeats, 1):
        seconds[peer.name].append(peer.seconds(jobs))
        told(done)
    return seconds


def report(
    jobs: Sequence[DecodeJob], seconds: dict[str, list[float]], ghz: float, ours: Sequence[str]
) -> dict[str, Any]:
    """Per peer: ms per image, cycles per bit of the file and per pixel made, ratios to ours.

    A ratio is the median over the repeats of (peer's time / ours in the same repeat).
    """
    file_bytes = sum(len(job.photo.data) for job in jobs)
    pixels = sum(job.num_pixels for job in jobs)
    peers: dict[str, Any] = {}
    for name, passes in seconds.items():
        cycles = statistics.median(passes) * ghz * 1e9
        peers[name] = {
            "ms_per_image": summarize([1e3 * s / len(jobs) for s in passes]),
            "cycles_per_file_bit": round(cycles / (8 * file_bytes), 3),
            "cycles_per_pixel": round(cycles / pixels, 3),
            "file_mb_per_second": round(file_bytes / statistics.median(passes) / 1e6, 1),
            "times_as_fast": {
                mine: round(
                    statistics.median(
                        theirs / my for theirs, my in zip(passes, seconds[mine], strict=True)
                    ),
                    3,
                )
                for mine in ours
                if mine in seconds and mine != name
            },
        }
    return {"decodes": len(jobs), "file_bytes": file_bytes, "pixels": pixels, "peers": peers}


def print_table(console: Console, title: str, works: dict[str, Any], ours: Sequence[str]) -> None:
    table = Table(title=title)
    for column in ("work", "decoder"):
        table.add_column(column)
    for column in ("ms/image", "p5 .. p95", "cycles/bit", "cycles/pixel", "MB/s", *ours):
        table.add_column(column if column not in ours else f"{column} is", justify="right")
    for work in WORKS:
        first = work.title
        for name, row in works.get(work.name, {"peers": {}})["peers"].items():
            time = row["ms_per_image"]
            ratios = [row["times_as_fast"].get(mine) for mine in ours]
            table.add_row(
                first, name, f"{time['median']:.3f}", f"{time['p5']:.3f} .. {time['p95']:.3f}",
                f"{row['cycles_per_file_bit']:.2f}", f"{row['cycles_per_pixel']:.2f}",
                f"{row['file_mb_per_second']:.0f}",
                *("" if ratio is None else f"{ratio:.2f}x" for ratio in ratios),
            )  # fmt: skip
            first = ""
        table.add_section()
    console.print(table)


def measure_set(
    photos: list[Photo], works: Sequence[Work], repeats: int, seed: int, console: Console
) -> dict[str, Any]:
    """Every work of one photo set, and what needs more than one thread or no decoder."""
    peers, missing = load_peers(any(photo.index is not None for photo in photos))
    ours = [peer.name for peer in peers if isinstance(peer, NativeDecode)]
    clock = load_decode_loop().clock_ghz
    results: dict[str, Any] = {}
    with shown_progress() as on_progress:
        for work in works:
            jobs = make_jobs(photos, work, seed)
            able = [peer for peer in peers if peer.does(work)]
            shares = check_pixels(able, jobs)  # also the warm-up
            ghz = statistics.median(clock() for _ in range(5))
            told = functools.partial(on_progress, work.title, total=repeats * len(able))
            seconds = measure(able, jobs, repeats, told)
            results[work.name] = report(jobs, seconds, ghz, ours) | {"ghz": round(ghz, 3)}
            for name, share in shares.items():
                results[work.name]["peers"][name]["equal_pixels"] = round(share, 4)
    results["threads"] = measure_threads(decoders(), photos, repeats)
    results["indexing"] = measure_indexing(photos, repeats)
    return {"works": results, "ours": ours, "left_out": missing}


@click.command()
@photos_option
@click.option("--repeats", default=7, show_default=True, type=click.IntRange(min=1))
@click.option("--limit", type=click.IntRange(min=1), help="At most so many photos per set.")
@click.option("--work", "names", multiple=True, type=click.Choice([w.name for w in WORKS]))
@click.option("--seed", default=0, show_default=True, help="Of the boxes.")
@click.option("--json", "as_json", is_flag=True, help="Print the record's path only, no table.")
@output_option
def main(
    photos: Path | None, repeats: int, limit: int | None, names: tuple[str, ...], seed: int,
    as_json: bool, output: Path | None,
) -> None:  # fmt: skip
    """Measure, print the tables, write the record."""
    wide = None if sys.stderr.isatty() else 170
    console = Console(stderr=True, quiet=as_json, width=wide)
    works = [work for work in WORKS if not names or work.name in names]
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        sets = photo_sets(photos, Path(scratch), limit)
    settings = {"repeats": repeats, "limit": limit, "seed": seed, "libjpeg_turbo": turbo_version()}
    for title, photo_set in sets.items():
        measured = measure_set(photo_set, works, repeats, seed, console)
        results[title] = measured["works"] | {"photos": len(photo_set)}
        print_table(console, title, results[title], measured["ours"])
        for extra in ("threads", "indexing"):
            console.print(extra, results[title][extra])
        for name, reason in measured["left_out"].items():
            console.print(f"{name} left out ({reason})")
    body = {"unit": "ms of processor time", "settings": settings, "results": results}
    click.echo(write_record("decode", body, output))


if __name__ == "__main__":
    main()
