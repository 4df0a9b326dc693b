"""Files of FFCV's own writer, as Pack reads them; and ours, as FFCV's reader finds them."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastpass as fp
from fastpass.pack.writer import pack_folder

pytest.importorskip("ffcv", reason="FFCV is not installed")

from ffcv.fields import BytesField, FloatField, IntField, JSONField, RGBImageField
from ffcv.loader import Loader, OrderOption
from ffcv.reader import Reader
from ffcv.writer import DatasetWriter

from fastpass.feed.ffcv import FastpassField, multi_crop

NUM_SAMPLES = 4
PIXELS = np.arange(24 * 16 * 3, dtype=np.uint8).reshape(24, 16, 3)
MAKERS: dict[str, Any] = {
    "jpg": (lambda: RGBImageField("jpg"), lambda i: np.roll(PIXELS, i, axis=0)),
    "raw": (lambda: RGBImageField("raw"), lambda i: np.roll(PIXELS, i, axis=0)),
    "int": (IntField, lambda i: 10 + i),
    "none": (IntField, lambda i: -1),
    "odd": (IntField, lambda i: -100),
    "float": (FloatField, lambda i: i / 2),
    "json": (JSONField, lambda i: {"n": int(i)}),
    "empty": (BytesField, lambda i: np.empty(0, np.uint8)),
    "bytes": (BytesField, lambda i: np.full(i + 1, i, np.uint8)),
}


class Samples:
    def __init__(self, makers: list[Any]) -> None:
        self._makers = makers

    def __len__(self) -> int:
        return NUM_SAMPLES

    def __getitem__(self, index: int) -> tuple[Any, ...]:  # FFCV waits for ever where this raises
        return tuple(make(index) for make in self._makers)


def written(path: Path, num_workers: int = 1, **fields: str) -> Path:
    """``fields``: name -> a key of MAKERS."""
    kinds = {name: MAKERS[kind][0]() for name, kind in fields.items()}
    samples = Samples([MAKERS[kind][1] for kind in fields.values()])
    DatasetWriter(str(path), kinds, num_workers=num_workers).from_indexed_dataset(
        samples, chunksize=1
    )
    return path


@pytest.mark.parametrize("num_workers", [1, 3])
@pytest.mark.parametrize(
    "fields",
    [
        {"image": "jpg", "label": "int"},
        {"label": "int", "image": "jpg"},
        {"x": "jpg"},  # no labels, and another name
        {"a": "bytes", "e": "empty", "picture": "jpg", "f": "float", "label": "int", "j": "json"},
        {"image": "jpg", "second": "jpg", "label": "none"},
    ],
)
def test_images_and_labels(tmp_path: Path, fields: dict[str, str], num_workers: int) -> None:
    path = written(tmp_path / "x.beton", num_workers, **fields)
    stored = Reader(str(path), {})
    name = next(name for name, kind in fields.items() if kind == "jpg")
    column = stored.metadata[stored.metadata.dtype.names[list(fields).index(name)]]
    sizes = dict(zip(stored.alloc_table["ptr"].tolist(), stored.alloc_table["size"], strict=True))
    whole = path.read_bytes()
    with fp.Pack(path) as pack:
        assert pack.sample_keys == [f"{i:09}" for i in range(NUM_SAMPLES)]
        for sample, offset in zip(pack, column["data_ptr"].tolist(), strict=True):
            assert bytes(sample.data).startswith(b"\xff\xd8")
            if "e" not in fields:
                assert bytes(sample.data) == whole[offset : offset + int(sizes[offset])]
            assert sample.info is not None
            assert (sample.info.width, sample.info.height) == (16, 24)
        has_labels = fields.get("label") == "int"
        assert pack.labels.tolist() == ([10, 11, 12, 13] if has_labels else [-1] * NUM_SAMPLES)


def test_fields_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.beton", a="jpg", b="jpg")
    with pytest.raises(fp.BadPack, match="2 of its fields hold images, and none is called 'image'"):
        fp.Pack(path)
    path = written(tmp_path / "y.beton", label="int")
    with pytest.raises(fp.BadPack, match="none of its fields holds images"):
        fp.Pack(path)


def test_labels_below_minus_1_are_refused_by_name(tmp_path: Path) -> None:
    path = written(tmp_path / "x.beton", image="jpg", label="odd")
    with pytest.raises(
        fp.BadPack, match=r"'000000000' \(row 0\) has the label -100, wanted"
    ) as bad:
        fp.Pack(path)
    assert str(path) in str(bad.value)
    assert bad.value.byte_offset == 24 + 2 * 1041 + 16
    with fp.Pack(path, label="none") as pack:
        assert set(pack.labels.tolist()) == {-1}


def test_names_of_classes_beside_a_plain_file(tmp_path: Path) -> None:
    path = written(tmp_path / "x.beton", image="jpg", label="int")
    (tmp_path / "classes.json").write_text('{"a": 10, "b": 11, "c": 12, "d": 13}')
    with fp.Pack(path) as pack:
        assert pack.class_to_idx == {"a": 10, "b": 11, "c": 12, "d": 13}


def test_damaged_tables_of_a_plain_file(tmp_path: Path) -> None:
    """The right images, or an error that names file and byte, for every changed byte.

    An image's length stands in the table alone, so a wrong one shows when the image is decoded, or
    changes no pixel.
    """
    path = written(tmp_path / "x.beton", image="jpg", label="int")
    with fp.Pack(path, index="ignore") as pack:
        images = [bytes(sample.data) for sample in pack]
    whole = path.read_bytes()
    allocations_at = struct.unpack_from("<Q", whole, 16)[0]
    tables = [range(24 + 17), range(24 + 1041, 24 + 1041 + 17)]
    tables += [range(24 + 2 * 1041, 24 + 2 * 1041 + NUM_SAMPLES * 24)]
    tables += [range(allocations_at, len(whole))]
    refusals: list[fp.FastpassError] = []
    for offset in (offset for table in tables for offset in table):
        for value in (0x01, 0x10, 0xFF):
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(bytes([whole[offset] ^ value]))
            try:
                with fp.Pack(path, index="ignore") as pack:
                    found = [bytes(sample.data) for sample in pack]
                    skipped = pack.skipped_files.get("image stored as pixels", 0)
                    assert len(found) + skipped == NUM_SAMPLES, offset
                for image in found:
                    right = [o for o in images if o.startswith(image) or image.startswith(o)]
                    with suppress(fp.FastpassError):
                        pixels = fp.decode_image(image)
                        assert any(np.array_equal(pixels, fp.decode_image(o)) for o in right)
            except fp.FastpassError as error:
                refusals.append(error)
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(whole[offset : offset + 1])
    assert all(error.byte_offset is not None and str(path) in str(error) for error in refusals)
    assert len(refusals) > 300


def test_ffcv_finds_what_we_wrote(tmp_path: Path, write_tar, image) -> None:
    """Also behind the names of classes, and where pages have grown."""
    members: dict[str, bytes] = {}
    for i in range(4):
        padding = bytes(9_000_000 if i == 2 else 0)
        members |= {f"{i}.jpg": image(8 + i) + padding, f"{i}.cls": b"%d" % (i % 2)}
    tar = write_tar(members)
    pack_folder(tar, tmp_path / "x.beton", to="beton", classes=["cat", "dog"])
    reader = Reader(str(tmp_path / "x.beton"), {"image": FastpassField})
    assert reader.page_size == 16 << 20
    assert reader.field_names == ["image", "label", "sample_id"]
    whole = (tmp_path / "x.beton").read_bytes()
    with fp.Pack(tar) as pack:
        for row, allocation, sample in zip(reader.metadata, reader.alloc_table, pack, strict=True):
            at, size = int(row["f0"]["ptr"]), int(row["f0"]["image_bytes"])
            assert whole[at : at + size] == bytes(sample.data)
            assert at == allocation["ptr"]
            assert at // reader.page_size == (at + int(allocation["size"]) - 1) // reader.page_size
            assert (row["f1"], row["f2"]) == (sample.label, sample.sample_id)
    assert fp.Pack(tmp_path / "x.beton").class_names == ["cat", "dog"]


@pytest.mark.parametrize("os_cache", [True, False])
def test_ffcv_loads_pages_that_have_grown(tmp_path: Path, write_tar, image, os_cache: bool) -> None:
    """Its process cache reads whole pages, by their numbers."""
    paddings = [0, 5_000_000, 9_000_000, 0, 5_000_000, 9_000_000]
    tar = write_tar({f"{i}.jpg": image(8 + i) + bytes(n) for i, n in enumerate(paddings)})
    pack_folder(tar, tmp_path / "x.beton", to="beton")
    recipe = fp.recipes.evaluation(size=8)
    loader = Loader(
        str(tmp_path / "x.beton"),
        batch_size=3,
        num_workers=1,
        os_cache=os_cache,
        order=OrderOption.SEQUENTIAL,
        custom_fields={"image": FastpassField},
        pipelines={**multi_crop(recipe, seed=0), "label": None, "sample_id": None},
    )
    found = np.concatenate([batch[0].numpy() for batch in loader])
    with fp.Loader(str(tar), recipe, batch_size=6, seed=0, shuffle=False) as native:
        assert np.array_equal(found, next(iter(native)).views[0].numpy())
