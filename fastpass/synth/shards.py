"""WebDataset tar shards, written whole or not at all, the same bytes for the same samples."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fastpass.errors import WriteFailed


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
    """A tar that appears under ``path`` only when complete and on disk (temp + fsync + rename).

    On any exception the temporary file is removed and nothing appears. Raises WriteFailed when the
    operating system refuses.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise WriteFailed(
            f"cannot write {path}: {error.strerror or error}; free some space or choose another "
            "output folder"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
