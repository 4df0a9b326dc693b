"""Reading by mapping or by system calls: equal batches, and what comes of files that change."""

from __future__ import annotations

import gc
import os
import re
from pathlib import Path

import pytest
import torch
from support.pictures import image_folder
from support.tars import image_tar

import fastpass as fp

RECIPE = fp.recipes.rrc(size=16)


def _loader(source: object, **options: object) -> fp.Loader:
    return fp.Loader(source, RECIPE, **{"batch_size": 5, "threads": 3, **options})  # type: ignore[arg-type]


def _epoch(loader: fp.Loader) -> list[tuple[list[int], torch.Tensor, list[int]]]:
    return [
        (batch.sample_ids.tolist(), batch.views[0].clone(), (batch.labels + 0).tolist())
        for batch in loader
        if batch.labels is not None
    ]


@pytest.fixture
def tars(tmp_path: Path) -> list[str]:
    return [
        str(image_tar(tmp_path / "a.tar", range(12))),
        str(image_tar(tmp_path / "b.tar", range(12, 40))),
    ]


@pytest.mark.parametrize("order", ["random", "quasi_random"])
@pytest.mark.parametrize("kind", ["tars", "folder"])
def test_both_ways_give_the_same_batches(
    tars: list[str], tmp_path: Path, kind: str, order: str
) -> None:
    source = tars if kind == "tars" else image_folder(tmp_path / "root")
    with (
        _loader(source, order=order) as mapped,
        _loader(source, order=order, reads="pread", threads=1) as read,
    ):
        for _ in range(2):
            first, second = _epoch(mapped), _epoch(read)
            assert len(first) == len(second) == len(mapped)
            for one, other in zip(first, second, strict=True):
                assert one[0] == other[0]
                assert one[2] == other[2]
                assert torch.equal(one[1], other[1])


def test_the_bytes_are_those_of_the_mapping(tars: list[str]) -> None:
    native = fp.Pack(tars).native
    for position in range(len(native)):
        assert bytes(memoryview(native.read(position))) == bytes(memoryview(native.fetch(position)))


@pytest.mark.parametrize("reads", ["mmap", "pread"])
def test_a_tar_that_shrinks_is_an_error_with_file_sample_and_byte(
    tars: list[str], reads: str
) -> None:
    pack = fp.Pack(tars[1])
    place = pack[20].place
    match = re.search(r"at byte (\d+)", place)
    assert match is not None
    cut = int(match[1]) + 100
    loader = _loader(pack, reads=reads, shuffle=False, batch_size=1, drop_last=False)
    with loader, open(tars[1], "r+b") as tar:
        tar.truncate(cut)
        if reads == "mmap":
            with pytest.raises(fp.ReadFailed, match=r"b\.tar.*was shortened"):
                list(loader)
            return
        batches = iter(loader)
        for _ in range(20):
            next(batches)
        with pytest.raises(fp.ReadFailed, match=r"b\.tar: picture_32 .*ends too early") as caught:
            next(batches)
    assert caught.value.byte_offset == cut


def test_a_tar_that_shrinks_is_no_damaged_sample_to_skip(tars: list[str]) -> None:
    with _loader(tars[1], reads="pread", on_error="skip") as loader:
        os.truncate(tars[1], os.path.getsize(tars[1]) // 2)
        with pytest.raises(fp.ReadFailed, match=r"b\.tar: picture_\d+ .*ends too early"):
            list(loader)


def test_a_tar_that_was_replaced_is_refused(tars: list[str], tmp_path: Path) -> None:
    with _loader(tars[1], reads="pread") as loader:
        os.replace(image_tar(tmp_path / "other.tar", range(50, 78)), tars[1])
        with pytest.raises(fp.StalePack, match=r"b\.tar.*replaced by another file"):
            list(loader)


def test_a_tar_that_is_open_may_be_replaced(tars: list[str], tmp_path: Path) -> None:
    with _loader(tars[1], reads="pread") as loader, _loader(tars[1]) as mapped:
        expected = _epoch(mapped)
        next(iter(loader))
        os.replace(image_tar(tmp_path / "other.tar", range(50, 78)), tars[1])
        loader.set_epoch(0)
        assert [batch[0] for batch in _epoch(loader)] == [batch[0] for batch in expected]


def test_a_tar_that_is_gone_is_named(tars: list[str]) -> None:
    with _loader(tars[1], reads="pread") as loader:
        os.remove(tars[1])
        with pytest.raises(fp.ReadFailed, match=r"cannot open .*b\.tar"):
            list(loader)


def test_many_shards_use_few_descriptors(tmp_path: Path) -> None:
    """More shards than are kept open: each is opened again when its turn comes."""
    tars = [str(image_tar(tmp_path / f"{i:03}.tar", range(i, i + 1))) for i in range(140)]
    gc.collect()  # no file of an earlier test closes meanwhile
    before = len(os.listdir("/proc/self/fd"))
    with _loader(tars, reads="pread", batch_size=20) as loader:
        for _ in range(2):
            assert sum(len(batch.sample_ids) for batch in loader) == 140
            assert 0 < len(os.listdir("/proc/self/fd")) - before <= 128
    del loader
    assert len(os.listdir("/proc/self/fd")) == before


def test_prefetching_nonsense_is_refused(tars: list[str]) -> None:
    with _loader(tars) as loader:
        for wrong in [(-1, 3), (3, 2), (0, 41)]:
            with pytest.raises(fp.BadArgument, match="in a source of 40 samples"):
                loader._feed._feed_engine.prefetch([wrong])
        loader._feed._feed_engine.prefetch([(0, 40), (7, 7)])
        assert len(list(loader)) == 8


def test_unknown_words_are_named(tars: list[str]) -> None:
    with pytest.raises(fp.BadArgument, match="reads = 'read'"):
        _loader(tars, reads="read")
    with pytest.raises(fp.BadArgument, match="order = 'sequential'"):
        _loader(tars, order="sequential")
