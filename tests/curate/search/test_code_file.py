"""Files of codes: the same pairs in bounded memory, and what is damaged is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.code_sets import clustered, flip, random_codes

import fastpass as fp
from fastpass.curate import CodeFile


@pytest.mark.parametrize("memory_bytes", [1 << 20, 4 << 30])
@pytest.mark.parametrize("radius", [0, 15, 31, 40])
def test_a_file_gives_the_same_pairs(tmp_path: Path, radius: int, memory_bytes: int) -> None:
    rng = np.random.default_rng(6)
    codes = clustered(rng, 12_000, 32, 30)
    file = CodeFile.create(tmp_path / "codes", 32)
    for begin in range(0, len(codes), 5000):
        file.append(codes[begin : begin + 5000])
    again = CodeFile(tmp_path / "codes")
    assert len(again) == len(codes)
    assert np.array_equal(again.codes(), codes)
    parts = again.parts(radius, memory_bytes=memory_bytes)
    assert (len(parts) > 16) == (memory_bytes == 1 << 20)
    got = again.pairs(radius, memory_bytes=memory_bytes)
    expected = fp.HammingIndex(codes).pairs(radius)
    assert len(got) > 20
    for mine, theirs in zip(got, expected, strict=True):
        assert np.array_equal(mine, theirs)
    queries = flip(rng, codes[:40], 20)
    for mine, theirs in zip(
        again.query(queries, radius), fp.HammingIndex(codes).query(queries, radius), strict=True
    ):
        assert np.array_equal(mine, theirs)


def test_an_append_that_was_cut_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    codes = random_codes(np.random.default_rng(1), 10, 8)
    CodeFile.create(path, 8).append(codes)
    with path.open("ab") as file:
        file.write(b"half a batch")
    again = CodeFile(path)
    assert np.array_equal(again.codes(), codes)
    again.append(codes[:2])
    assert np.array_equal(CodeFile(path).codes(), np.concatenate([codes, codes[:2]]))


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "codes"
    CodeFile.create(path, 8).append(np.ones((10, 8), dtype=np.uint8))
    whole = path.read_bytes()
    for data, message in (
        (b"", "no file of codes"),
        (b"x" * 200, "no file of codes"),
        (whole[:-1], "cut off"),
        (whole[:12] + b"\x99" + whole[13:], "header is damaged"),
    ):
        path.write_bytes(data)
        with pytest.raises(fp.BadPack, match=message):
            CodeFile(path)
    with pytest.raises(fp.ReadFailed, match="nowhere"):
        CodeFile(tmp_path / "nowhere")
    with pytest.raises(fp.WriteFailed, match="codes"):
        CodeFile.create(path, 8)
    with pytest.raises(fp.BadArgument, match="multiple of 8"):
        CodeFile.create(tmp_path / "other", 12)


def test_two_programs_do_not_append_over_each_other(tmp_path: Path) -> None:
    first = CodeFile.create(tmp_path / "codes", 8)
    second = CodeFile(tmp_path / "codes")
    first.append(np.ones((3, 8), dtype=np.uint8))
    with pytest.raises(fp.WriteFailed, match="was changed by another program"):
        second.append(np.zeros((2, 8), dtype=np.uint8))
    assert CodeFile(tmp_path / "codes").codes().all()
