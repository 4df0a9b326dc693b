"""What a benchmark reads: every kind of source, bad files left out by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from support.pictures import jpeg

import fastpass as fp
from fastpass.bench.peers.photos import collect_photos


def test_folders_tars_and_patterns_give_the_same_photos(folder: Path, tmp_path: Path) -> None:
    wanted = sorted(path.read_bytes() for path in folder.iterdir())
    from_folder = collect_photos(str(folder), tmp_path / "a")
    from_tar = collect_photos(str(from_folder.shards[0]), tmp_path / "b")
    from_pattern = collect_photos(str(folder / "*.jpg"), tmp_path / "c")
    for photos in (from_folder, from_tar, from_pattern):
        assert sorted(path.read_bytes() for path in photos.files) == wanted
        pack = fp.Pack(photos.shards)
        assert sorted(bytes(sample.data) for sample in pack) == wanted
        assert pack.unindexed_shards == []
        assert photos.left_out == {}


def test_copies_make_an_epoch_long(folder: Path, tmp_path: Path) -> None:
    photos = collect_photos(str(folder), tmp_path / "a", limit=4, epoch_size=10)
    assert (len(photos.files), photos.copies) == (4, 3)
    assert len(fp.Pack(photos.shards)) == 12


def test_bad_files_are_left_out_by_name(folder: Path, tmp_path: Path) -> None:
    (folder / "cut.jpg").write_bytes(jpeg(1, 200, 200)[:2000])
    Image.new("RGB", (8, 8)).save(folder / "drawing.png")
    photos = collect_photos(str(folder), tmp_path / "a")
    assert len(photos.files) == 6
    reasons = {Path(place.split(": ")[0]).name: why for place, why in photos.left_out.items()}
    assert any("CorruptImage" in why for why in reasons.values())
    assert any("png" in why for why in reasons.values())


def test_nothing_to_measure_is_a_bad_pack(tmp_path: Path) -> None:
    with pytest.raises(fp.BadPack, match="no such file"):
        collect_photos(str(tmp_path / "absent"), tmp_path / "a")
    Image.new("RGB", (8, 8)).save(tmp_path / "drawing.png")
    with pytest.raises(fp.BadPack, match="no JPEG"):
        collect_photos(str(tmp_path), tmp_path / "b" / "c")
