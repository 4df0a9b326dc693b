"""WebDataset tar shards, written whole or not at all, the same bytes for the same samples."""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fastpass.common.files import written_file


def add_sample(archive: tarfile.TarFile, key: str, fields: Mapping[str, bytes]) -> None:
    """Append ``key.extension`` for every field; owner, mode and time are fixed, not today's."""
    for extension, data in fields.items():
        member = tarfile.TarInfo(f"{key}.{extension}")
        member.size = len(data)
        member.mode = 0o644
        archive.addfile(member, io.BytesIO(data))


def json_bytes(record: Mapping[str, object]) -> bytes:
    """One compact line with sorted keys."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@contextlib.contextmanager
def atomic_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar that appears under ``path`` only when complete and on disk.

    On any exception nothing appears. Raises WriteFailed when the operating system refuses.
    """
    with (
        written_file(path) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        yield archive


def write_shards(
    samples: Iterable[tuple[str, Mapping[str, bytes]]],
    folder: Path,
    prefix: str,
    samples_per_shard: int,
) -> Iterator[Path]:
    """Write ``folder/prefix-000000.tar``, ... and yield each path once it is complete."""
    iterator = iter(samples)
    first = next(iterator, None)
    shard_index = 0
    while first is not None:
        path = folder / f"{prefix}-{shard_index:06d}.tar"
        with atomic_tar(path) as archive:
            add_sample(archive, *first)
            for _ in range(samples_per_shard - 1):
                sample = next(iterator, None)
                if sample is None:
                    break
                add_sample(archive, *sample)
        yield path
        first = next(iterator, None)
        shard_index += 1
