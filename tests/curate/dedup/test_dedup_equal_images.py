"""Many equal images: as one until groups are written, and the same groups as by all pairs."""

from __future__ import annotations

import io
import os
import resource
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.dedup_photos import by_key, picture, rows_of, save

import fastpass as fp
from fastpass.curate import Pairs, diameters, keep_ranks
from fastpass.curate.dedup import DedupOptions, dedup


def _placeholder() -> bytes:
    buffer = io.BytesIO()
    picture(1, side=40).save(buffer, "JPEG")
    return buffer.getvalue()


def _copies(folder: Path, data: bytes, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "first.jpg").write_bytes(data)
    for i in range(number - 1):
        os.link(folder / "first.jpg", folder / f"{i:06d}.jpg")


@pytest.mark.slow
def test_placeholders_of_a_crawl(tmp_path: Path) -> None:
    number = 20_000
    _copies(tmp_path / "crawl", _placeholder(), number)
    save(picture(2), tmp_path / "crawl" / "other.jpg")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    result = dedup(str(tmp_path / "crawl"), tmp_path / "out")
    assert result.count("kept") == 2
    assert result.count("duplicate") == number - 1
    assert len(result.pairs) == number - 1
    assert sorted(np.unique(result.group_size)) == [1, number]
    assert time.process_time() - began < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10  # KiB


def _mixed(folder: Path) -> None:
    """Equal bytes, equal pixels in other bytes, near pixels, flat images, damage."""
    rng = np.random.default_rng(1)
    for i in range(60):
        seed = int(rng.integers(0, 9))
        if seed == 8:
            image = Image.new("RGB", (50, 50), (int(rng.integers(0, 3)), 0, 0))
            image.save(_path(folder, f"flat{i}.png"))
        elif seed == 7:
            _path(folder, f"damaged{i}.jpg").write_bytes(b"\xff\xd8 no picture")
        else:
            level = int(rng.integers(0, 3))
            save(picture(seed, side=120), _path(folder, f"{i}.png"), compress_level=level)
            if rng.random() < 0.4:
                save(picture(seed, side=120), _path(folder, f"{i}_near.jpg"), quality=60)


def _path(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


@pytest.mark.parametrize("method", ["star", "components"])
@pytest.mark.parametrize("kind", ["pdq", "phash"])
def test_groups_are_those_of_all_pairs(tmp_path: Path, kind: str, method: str) -> None:
    _mixed(tmp_path / "photos")
    options = DedupOptions(kind=kind, radius=20 if kind == "pdq" else 4, method=method)  # type: ignore[arg-type]
    result = dedup(str(tmp_path / "photos"), tmp_path / "out", options=options)
    images = result.images
    size = len(images["key"])
    readable = np.array([error == "" for error in images["error"]])
    has_code = readable & (images["quality"] >= 50) if kind == "pdq" else readable
    pairs = set()
    for i in range(size):
        for j in range(i + 1, size):
            near = np.unpackbits(images[kind][i] ^ images[kind][j]).sum() <= options.radius
            same = images["sha256"][i].tobytes() == images["sha256"][j].tobytes()
            if (has_code[i] and has_code[j] and near) or (readable[i] and readable[j] and same):
                pairs.add((i, j))
    columns = {
        "pixels": images["height"].astype(int) * images["width"],
        "quality": images["quality"],
        "bytes": images["bytes"],
        "key": np.asarray(images["key"]),
    }
    first, second = np.array(sorted(pairs)).T
    whole = Pairs(first, second, np.zeros(len(first), dtype=np.int32))
    expected = fp.cluster(
        size, whole, method=options.method, ranks=keep_ranks(columns, options.keep)
    )
    assert np.array_equal(result.kept, expected)
    assert np.array_equal(result.group_size, np.bincount(expected, minlength=size)[expected])
    assert np.array_equal(result.group_diameter, diameters(images[kind], expected))
    assert (result.status == "duplicate").sum() == (expected != np.arange(size)).sum()
    # What is written says the same: it leads from every image to all of its group.
    columns_of = zip(result.pairs.first.tolist(), result.pairs.second.tolist(), strict=True)
    written = set(columns_of)
    assert written <= pairs
    listed = Pairs(result.pairs.first, result.pairs.second, result.pairs.distance)
    assert np.array_equal(
        fp.cluster(size, listed, method="components"),
        fp.cluster(size, whole, method="components"),
    )


def test_equal_images_in_another_collection(tmp_path: Path) -> None:
    _copies(tmp_path / "own", _placeholder(), 300)
    _copies(tmp_path / "other", _placeholder(), 400)
    Image.open(io.BytesIO(_placeholder())).save(tmp_path / "own" / "pixels.png")
    result = dedup(str(tmp_path / "own"), tmp_path / "out", against=str(tmp_path / "other"))
    assert result.count("in_against") == 301
    found = rows_of(tmp_path / "out" / "against.parquet")
    assert {row["key"] for row in found} == set(by_key(tmp_path / "out"))
    assert {row["transform"] for row in found} == {"same bytes", ""}
    assert len(found) == 301
