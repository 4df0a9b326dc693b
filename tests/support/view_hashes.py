"""What a loader handed out, short enough to compare by the thousand."""

from __future__ import annotations

from collections.abc import Iterable

import xxhash

from fastpass import Batch

BatchRecord = tuple[list[int], list[str]]  # sample ids, and one hash per sample over all its views


def batch_record(batch: Batch) -> BatchRecord:
    hashes = []
    for row in range(len(batch.sample_ids)):
        digest = xxhash.xxh3_64()
        for view in batch.views:
            digest.update(view[row].numpy().tobytes())
        hashes.append(digest.hexdigest())
    return batch.sample_ids.tolist(), hashes


def hashes_by_sample(batches: Iterable[Batch]) -> dict[int, str]:
    """sample_id -> hash; a sample that comes twice must be the same both times."""
    found: dict[int, str] = {}
    for batch in batches:
        for sample_id, digest in zip(*batch_record(batch), strict=True):
            assert found.setdefault(sample_id, digest) == digest
    return found
