"""A .beton holds the samples that it was made of, and making one harms nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.pictures import image_folder

import fastpass as fp
from fastpass.pack.writer import pack_folder


def test_samples_are_those_of_the_source(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    pack_folder(root, tmp_path / "out", to="beton")
    with fp.Pack(root) as source, fp.Pack(tmp_path / "out") as beton:
        assert beton.layout == "beton"
        assert beton.sample_keys == source.sample_keys
        assert beton.class_names == source.class_names
        assert np.array_equal(beton.sample_ids, source.sample_ids)
        assert np.array_equal(beton.labels, source.labels)
        for mine, theirs in zip(beton, source, strict=True):
            assert bytes(mine.data) == bytes(theirs.data)


def test_force_never_replaces_what_is_read(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root")
    pack_folder(root, tmp_path / "out", shard_samples=5)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(fp.errors.WouldOverwrite, match="choose another output"):
        pack_folder(tmp_path / "out" / "shard-000000.tar", tmp_path / "out", to="beton", force=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    root = image_folder(tmp_path / "root")
    pack_folder(root, tmp_path / "out", to="beton")
    beton = tmp_path / "out" / "images.beton"
    whole = beton.read_bytes()
    beton.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(fp.BadPack):
        fp.Pack(beton, index="ignore")
