"""A .beton holds the samples that it was made of, and making one harms nothing."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from support.pictures import image_folder

import fastpass as fp
from fastpass.pack.commands import pack_command
from fastpass.pack.writer import pack_folder

MIB = 1 << 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return image_folder(tmp_path / "root")


def page_bytes(beton: Path) -> int:
    return int(struct.unpack_from("<I", beton.read_bytes(), 4)[0])


def samples(source: Any, **options: Any) -> list[tuple[str, bytes, int | None, bytes]]:
    with fp.Pack(source, **options) as pack:
        return [(s.key, bytes(s.data), s.label, bytes(s.metadata_json)) for s in pack]


# ---- what is in it ------------------------------------------------------------------------------


def test_samples_are_those_of_the_source(tmp_path: Path, root: Path) -> None:
    pack_folder(root, tmp_path / "x.beton", to="beton")
    with fp.Pack(root) as source, fp.Pack(tmp_path / "x.beton") as beton:
        assert beton.layout == "beton"
        assert beton.class_names == source.class_names
        assert np.array_equal(beton.sample_ids, source.sample_ids)
    assert samples(tmp_path / "x.beton") == samples(root)


def test_the_output_is_the_file_and_its_index(tmp_path: Path, root: Path) -> None:
    (tmp_path / "out").mkdir()
    report = pack_folder(root, tmp_path / "out" / "x.beton", to="beton")
    assert sorted(os.listdir(tmp_path / "out")) == ["x.beton", "x.beton.fpi"]
    assert report.output == report.shards[0].tar == str(tmp_path / "out" / "x.beton")
    assert report.num_bytes == (tmp_path / "out" / "x.beton").stat().st_size
    with fp.Pack(report.output) as pack:
        assert pack.unindexed_shards == []


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path, root: Path) -> None:
    for name in ("a.beton", "b.beton"):
        pack_folder(root, tmp_path / name, to="beton")
    assert (tmp_path / "a.beton").read_bytes() == (tmp_path / "b.beton").read_bytes()


@pytest.mark.parametrize("index", ["auto", "memory", "ignore"])
def test_names_of_classes_go_with_the_file(tmp_path: Path, root: Path, index: Any) -> None:
    (root / "class_2").rename(root / os.fsdecode(b"caf\xe9"))
    classes = {"class_1": 7, os.fsdecode(b"caf\xe9"): 3, "class_0": 4}
    pack_folder(root, tmp_path / "x.beton", to="beton", classes=classes)
    (tmp_path / "alone").mkdir()
    for name in ("x.beton", "x.beton.fpi"):
        shutil.move(tmp_path / name, tmp_path / "alone" / name)
    with fp.Pack(tmp_path / "alone" / "x.beton", index=index) as pack:
        assert pack.class_to_idx == classes
        assert set(pack.labels.tolist()) == {3, 4, 7}
        assert set(pack.sample_keys) == set(fp.Pack(root).sample_keys)


def test_betons_whose_classes_differ_are_told_apart_by_name(tmp_path: Path, root: Path) -> None:
    other = image_folder(tmp_path / "other", num_classes=1)
    (other / "class_0").rename(other / "another")
    for source in (root, other):
        pack_folder(source, tmp_path / "out" / f"{source.name}.beton", to="beton")
    with fp.Pack(tmp_path / "out") as pack:
        assert pack.class_names == ["another", "class_0", "class_1", "class_2"]
        named = {pack.class_names[label] for label in pack.labels}
        assert named == set(pack.class_names)
        assert all(pack.class_names[s.label or 0] in s.key for s in pack)


def test_a_beton_without_names_has_those_beside_it(tmp_path: Path, write_tar, image) -> None:
    members = {"a.jpg": image(), "a.cls": b"1", "b.jpg": image(9), "b.cls": b"0", "c.jpg": image(7)}
    pack_folder(write_tar(members), tmp_path / "x.beton", to="beton")
    assert [label for _, _, label, _ in samples(tmp_path / "x.beton")] == [1, 0, None]
    assert fp.Pack(tmp_path / "x.beton").class_names is None
    (tmp_path / "classes.json").write_text('{"cat": 0, "dog": 1}')
    assert fp.Pack(tmp_path / "x.beton").class_names == ["cat", "dog"]


# ---- pages --------------------------------------------------------------------------------------


def test_a_page_grows_with_the_largest_sample(tmp_path: Path, write_tar, image) -> None:
    """FFCV wants each sample inside of one page: image, seek index, key and JSON together."""
    text = json.dumps({"caption": "x" * (9 * MIB)}).encode()
    members: dict[str, bytes] = {}
    for i in range(5):
        members |= {f"{i}.jpg": image(8 + i), f"{i}.json": b'{"n": %d}' % i}
    members |= {"big.jpg": image(64), "big.json": text, "last.jpg": image(5) + bytes(17 * MIB)}
    tar = write_tar(members)
    pack_folder(tar, tmp_path / "x.beton", to="beton")
    assert page_bytes(tmp_path / "x.beton") == 32 * MIB
    assert samples(tmp_path / "x.beton") == samples(tar)
    stored = (tmp_path / "x.beton").read_bytes()
    table = np.frombuffer(stored, "<u8", offset=struct.unpack_from("<Q", stored, 16)[0])
    assert table.size == 3 * 7
    for _, offset, size in table.reshape(-1, 3).tolist():
        assert offset // (32 * MIB) == (offset + size - 1) // (32 * MIB)


def test_small_samples_keep_the_small_page(tmp_path: Path, root: Path) -> None:
    pack_folder(root, tmp_path / "x.beton", to="beton")
    assert page_bytes(tmp_path / "x.beton") == 8 * MIB


def test_a_sample_that_no_page_holds_is_refused_at_once(tmp_path: Path, root: Path) -> None:
    with (root / "class_1" / "huge.jpg").open("wb") as file:
        file.truncate((2 << 30) + 1)
    told: list[int] = []
    with pytest.raises(fp.BadPack, match=r"huge\.jpg: a sample of 2,147,483,649 bytes"):
        pack_folder(
            root, tmp_path / "x.beton", to="beton", on_progress=lambda done, _: told.append(done)
        )
    assert told == []
    assert os.listdir(tmp_path) == ["root"]


# ---- what is replaced ---------------------------------------------------------------------------


def test_an_existing_file_is_kept_without_force(tmp_path: Path, root: Path) -> None:
    pack_folder(root, tmp_path / "x.beton", to="beton")
    before = (tmp_path / "x.beton").read_bytes()
    (root / "class_0" / "picture_0.jpg").unlink()
    with pytest.raises(fp.errors.WouldOverwrite, match="is there already"):
        pack_folder(root, tmp_path / "x.beton", to="beton")
    assert (tmp_path / "x.beton").read_bytes() == before
    pack_folder(root, tmp_path / "x.beton", to="beton", force=True)
    assert samples(tmp_path / "x.beton") == samples(root)
    assert sorted(os.listdir(tmp_path)) == ["root", "x.beton", "x.beton.fpi"]


@pytest.mark.parametrize("kind", ["text", "folder", "link", "index", "other"])
def test_force_replaces_only_what_fastpass_wrote(tmp_path: Path, root: Path, kind: str) -> None:
    target = tmp_path / "x.beton"
    if kind == "folder":
        target.mkdir()
    elif kind == "link":
        pack_folder(root, tmp_path / "y.beton", to="beton")
        target.symlink_to(tmp_path / "y.beton")
    elif kind == "index":
        Path(f"{target}.fpi").write_text("a note")
    elif kind == "other":  # of FFCV's own writer
        target.write_bytes(struct.pack("<HHIQQ", 2, 1, 1 << 23, 1, 4096) + bytes(5000))
    else:
        target.write_text("a note")
    before = sorted(os.listdir(tmp_path))
    wanted = "is no index of fastpass" if kind == "index" else "--force replaces nothing else"
    with pytest.raises(fp.errors.WouldOverwrite, match=wanted):
        pack_folder(root, target, to="beton", force=True)
    assert sorted(os.listdir(tmp_path)) == before


def test_force_never_replaces_what_is_read(tmp_path: Path, root: Path) -> None:
    beton = tmp_path / "x.beton"
    pack_folder(root, beton, to="beton")
    before = beton.read_bytes()
    with pytest.raises(fp.errors.WouldOverwrite, match="is what the command reads"):
        pack_folder(beton, beton, to="beton", force=True)
    with pytest.raises(fp.errors.WouldOverwrite, match="would be part of it"):
        pack_folder(root, root / "x.beton", to="beton")
    shards = tmp_path / "shards"
    pack_folder(root, shards)
    with pytest.raises(fp.errors.WouldOverwrite, match="would be part of it"):
        pack_folder(shards, shards / "x.beton", to="beton")
    assert beton.read_bytes() == before
    assert not (shards / "x.beton").exists()


# ---- the command --------------------------------------------------------------------------------


def test_the_command(tmp_path: Path, root: Path) -> None:
    command = [str(root), "--to", "beton", "-o"]
    done = CliRunner().invoke(pack_command, [*command, str(tmp_path / "x.beton")])
    assert done.exit_code == 0, done.output
    assert "x.beton.fpi: 24 samples (beton)" in done.output
    for more, words in [
        ([str(tmp_path / "y.beton"), "--shard-size", "5"], "leave out --shard-size"),
        ([str(tmp_path / "y")], "a .beton is one file, so give its name"),
    ]:
        refused = CliRunner().invoke(pack_command, [*command, *more])
        assert refused.exit_code == 1
        assert words in refused.output
    assert sorted(os.listdir(tmp_path)) == ["root", "x.beton", "x.beton.fpi"]


def test_no_message_calls_it_a_tar(tmp_path: Path, root: Path) -> None:
    beton = tmp_path / "x.beton"
    pack_folder(root, beton, to="beton")
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(fp.BadPack, match=r"read as it is") as packed:
        pack_folder(beton, tmp_path / "out")
    with pytest.raises(fp.BadPack, match=r"1 \.beton file \(x\.beton\)") as both:
        fp.Pack(tmp_path)
    with beton.open("ab") as file:
        file.write(bytes(24))
    with pytest.raises(fp.errors.StalePack, match=r"the \.beton had") as stale:
        fp.Pack(beton)
    for error in (stale, packed, both):
        words = str(error.value).replace(str(tmp_path), "").replace("layout='tars'", "")
        assert "tar" not in words
