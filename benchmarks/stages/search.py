"""Exact Hamming search of PDQ codes at radius 31: ours against faiss, and in bounded memory.

    python -m benchmarks.search                # minutes; --large adds 17 million codes, from a file

Codes: benchmarks/code_sets.py (real PDQ codes mutated and mixed with random ones). faiss's range
searches are timed on some queries against all codes and scaled to all of them, because whole they
take hours; pairs found for these queries are compared. Peak memory is of a process of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import faiss
import numpy as np

import fastpass as fp
from benchmarks.code_sets import Codes, make_codes, photo_codes
from benchmarks.machine import output_option, write_record
from benchmarks.photos import photos_option
from fastpass.curate import CodeFile

RADIUS = 31
_BRUTE_CODES = 200_000
_PEER_QUERIES = 2_000


def best(work: Callable[[], Any], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def brute_rows(codes: Codes) -> dict[str, dict[str, float]]:
    """Pairs compared per second of one thread, in thousands of millions."""
    codes = codes[:_BRUTE_CODES]
    queries = codes[:_PEER_QUERIES]
    index = faiss.IndexBinaryFlat(256)
    index.add(codes)
    peer = best(lambda: index.range_search(queries, RADIUS + 1))
    rate = len(queries) * len(codes) / peer / 1e9
    rows = {"faiss IndexBinaryFlat.range_search": {"gigapairs_per_second": rate, "ratio": 1.0}}
    for name in fp.HammingIndex.instruction_sets():
        ours = fp.HammingIndex(codes, threads=1, backend="brute", instruction_set=name)
        mine = len(queries) * len(codes) / best(lambda o=ours: o.query(queries, RADIUS)) / 1e9  # type: ignore[misc]
        rows[f"fastpass brute, {name}"] = {"gigapairs_per_second": mine, "ratio": mine / rate}
    limits, _, found = index.range_search(queries, RADIUS + 1)
    got = fp.HammingIndex(codes, backend="brute").query(queries, RADIUS)
    firsts = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
    expected = sorted(zip(firsts.tolist(), found.tolist(), strict=True))
    if expected != sorted(zip(got.first.tolist(), got.second.tolist(), strict=True)):
        raise SystemExit("faiss finds other pairs")
    return rows


def join_rows(codes: Codes, brute_rate: float) -> dict[str, dict[str, float]]:
    """Seconds for all pairs of the set."""
    rows: dict[str, dict[str, float]] = {}
    for threads in (1, 2):
        index = fp.HammingIndex(codes, threads=threads, backend="multi_index")
        rows[f"fastpass self-join, {threads} threads"] = {
            "seconds": best(lambda i=index: i.pairs(RADIUS), repeats=2)  # type: ignore[misc]
        }
    # As ThreatExchange sets it up: 16 slots of 16 bits, all values a bit away.
    peer = faiss.IndexBinaryMultiHash(256, 16, 16)
    peer.nflip = RADIUS // 16
    peer.add(codes)
    queries = codes[:_PEER_QUERIES]
    scale = len(codes) / len(queries)
    rows["faiss IndexBinaryMultiHash (scaled)"] = {
        "seconds": scale * best(lambda: peer.range_search(queries, RADIUS + 1), repeats=1)
    }
    pairs = len(codes) * (len(codes) - 1) / 2
    rows["brute force (scaled)"] = {"seconds": pairs / brute_rate / 1e9}
    ours = rows["fastpass self-join, 1 threads"]["seconds"]
    for row in rows.values():
        row["times_ours"] = row["seconds"] / ours
    return rows


def in_a_process(command: str, *arguments: object) -> dict[str, float]:
    """What ``measure_file`` says of itself, with its peak memory."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.search", command, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return result


def measure_file(path: Path, memory_bytes: int, threads: int) -> dict[str, float]:
    """All pairs of a file of codes, part by part; in a process of its own."""
    file = CodeFile(path)
    start = time.perf_counter()
    count = 0
    parts = file.parts(RADIUS, memory_bytes=memory_bytes)
    for part in parts:
        count += len(file.part_pairs(part, RADIUS, threads=threads))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "codes": len(file),
        "seconds": time.perf_counter() - start,
        "pairs": count,
        "parts": len(parts),
        "peak_mebibytes": peak / 2**20,
    }


def file_rows(real: Codes, sizes: list[int], folder: Path) -> dict[str, dict[str, float]]:
    rows = {}
    for size in sizes:
        path = folder / f"{size}.codes"
        file = CodeFile.create(path, 32)
        for begin in range(0, size, 1 << 20):
            file.append(make_codes(min(1 << 20, size - begin), real, seed=begin))
        for gibibytes in (4,) if size > 2_000_000 else (1, 4):
            name = f"{size} codes within {gibibytes} GiB, 2 threads"
            rows[name] = in_a_process("--file", path, "--memory", gibibytes << 30)
            click.echo(f"  {name}: {rows[name]}")
        path.unlink()
    return rows


@click.command()
@photos_option
@click.option("--codes", "num_codes", default=1_440_000, show_default=True)
@click.option("--large", is_flag=True, help="Also 17 million codes, from a file.")
@click.option("--file", "file", type=click.Path(path_type=Path), hidden=True)
@click.option("--memory", default=1 << 30, hidden=True)
@output_option
def main(
    photos: Path | None,
    num_codes: int,
    large: bool,
    file: Path | None,
    memory: int,
    output: Path | None,
) -> None:
    """Measure, print the tables, write the record."""
    if file is not None:
        click.echo(json.dumps(measure_file(file, memory, threads=2)))
        return
    faiss.omp_set_num_threads(1)
    real = photo_codes(photos)
    codes = make_codes(num_codes, real)
    works: dict[str, Any] = {"brute force, one thread": brute_rows(codes)}
    show(works)
    rates = [r["gigapairs_per_second"] for r in works["brute force, one thread"].values()]
    join = {f"self-join of {num_codes} codes": join_rows(codes, max(rates))}
    show(join)
    with tempfile.TemporaryDirectory(dir=os.environ.get("FASTPASS_SCRATCH")) as folder:
        sizes = [num_codes, 17_000_000] if large else [num_codes]
        files = {"in bounded memory": file_rows(real, sizes, Path(folder))}
    pairs = len(fp.HammingIndex(codes).pairs(RADIUS))
    body = {"radius": RADIUS, "codes": num_codes, "pairs": pairs, "works": works | join | files}
    click.echo(write_record("search", body, output))


def show(works: dict[str, dict[str, dict[str, float]]]) -> None:
    for work, rows in works.items():
        click.echo(work)
        for name, row in rows.items():
            text = ", ".join(f"{key} {value:,.2f}" for key, value in row.items())
            click.echo(f"  {name:40s} {text}")


if __name__ == "__main__":
    main()
