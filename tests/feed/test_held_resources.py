"""What a loader holds: few descriptors, mappings that it reads, and nothing once it is closed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.tars import image_tar

import fastpass as fp
from fastpass.feed import data_state

MANY_TARS = """
import sys, fastpass as fp
pack = fp.Pack(sys.argv[1] + "/*.tar")
assert len(pack) == 64
with fp.Loader(pack, fp.recipes.rrc(size=16), batch_size=16, threads=4, reads="pread") as loader:
    for _ in range(2):
        assert sum(len(batch.sample_ids) for batch in loader) == 64
"""


def _mapped(folder: Path) -> int:
    return Path("/proc/self/maps").read_text().count(f"{folder}/a.tar\n")


def test_pread_of_more_shards_than_descriptors(tmp_path: Path) -> None:
    for number in range(64):
        image_tar(tmp_path / f"{number:02}.tar", [number])
    command = ["bash", "-c", 'ulimit -n 64 && exec "$@"', "-", sys.executable, "-c", MANY_TARS]
    result = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("reads", "count"), [("pread", 0), ("mmap", 1)])
def test_only_who_reads_a_mapping_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: str, count: int
) -> None:
    monkeypatch.setattr(data_state, "_HASHED_BYTES", 0)  # a large source, whose bytes nobody hashes
    image_tar(tmp_path / "a.tar", range(8))
    recipe = fp.recipes.rrc(size=16)
    with fp.Loader(str(tmp_path / "a.tar"), recipe, batch_size=4, reads=reads) as loader:  # type: ignore[arg-type]
        assert len(list(loader)) == 2
        assert _mapped(tmp_path) == count


# In a process of its own: a heap with gaps would take the slots, and keep their memory for later.
CLOSE = """
import contextlib, resource, sys
from pathlib import Path
import fastpass as fp
from fastpass.testing import gpu_twin

def mapped_bytes():
    # Of the address space: it does not depend on who has written yet.
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

tar, device = sys.argv[1:]
with gpu_twin() if device == "cuda" else contextlib.nullcontext():
    loader = fp.Loader(tar, fp.recipes.rrc(size=1024), batch_size=4, device=device, threads=2,
                       batches_ahead=2)
    batches = iter(loader)
    for _ in range(3):
        batch = next(batches)
    slot_bytes = batch.views[0].numel() * batch.views[0].element_size()
    assert slot_bytes > 48e6
    before = mapped_bytes()
    loader.close()
    assert before - mapped_bytes() > 1.5 * slot_bytes, (before, mapped_bytes())
    kept = batch.views[0].clone()
    before = mapped_bytes()
    in_hand = batch.views[0]
    assert in_hand.equal(kept)
    del batch, in_hand, batches
    assert before - mapped_bytes() > 0.7 * slot_bytes, (before, mapped_bytes())
"""


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_close_frees_all_batches_but_the_one_in_hand(tmp_path: Path, device: str) -> None:
    """Slots of 48 MB each: one in hand, the others freed by close() and not by the last tensor."""
    tar = image_tar(tmp_path / "a.tar", range(24))
    command = [sys.executable, "-c", CLOSE, str(tar), device]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
