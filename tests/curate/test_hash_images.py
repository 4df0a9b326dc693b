"""Image hashes against the packages pdqhash and ImageHash, and published hashes."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import imagehash
import numpy as np
import numpy.typing as npt
import pdqhash
import pytest
from PIL import Image
from support.pictures import jpeg

import fastpass as fp
from fastpass.image_hashes import DIHEDRALS, HASH_KINDS

Pixels = npt.NDArray[np.uint8]
SMALL = {
    "ahash": imagehash.average_hash,
    "dhash": imagehash.dhash,
    "phash": imagehash.phash,
    "whash": imagehash.whash,
}
SIZES = [
    (5, 5),
    (5, 64),
    (64, 64),
    (65, 64),
    (32, 48),
    (63, 127),
    (128, 129),
    (129, 257),
    (600, 70),
]


def _pixels(height: int, width: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def _apart(a: Pixels, b: Pixels) -> int:
    return int(np.unpackbits(a ^ b).sum())


def _assert_pdq(pixels: Pixels, codes: dict[str, Pixels], row: int, quality: int) -> None:
    vectors, expected_quality = pdqhash.compute_dihedral(pixels)
    for name, vector in zip(("", *DIHEDRALS), vectors, strict=True):
        kind = f"pdq:{name}" if name else "pdq"
        assert np.array_equal(codes[kind][row], np.packbits(vector)), kind
    assert quality == expected_quality


PDQ_KINDS = ["pdq", *(f"pdq:{name}" for name in DIHEDRALS)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_pdq_equals_pdqhash(size: tuple[int, int]) -> None:
    for pixels in (_pixels(*size), np.full((*size, 3), 77, dtype=np.uint8)):
        got = fp.hash_images([pixels], PDQ_KINDS)
        _assert_pdq(pixels, got.codes, 0, int(got.quality[0]))


def test_tiny_images_have_no_pdq() -> None:
    got = fp.hash_images([_pixels(4, 100), _pixels(100, 4), _pixels(1, 1)], ["pdq", "pdq_fast"])
    for codes in got.codes.values():
        assert not codes.any()
    assert got.quality.tolist() == got.quality_fast.tolist() == [0, 0, 0]


@pytest.mark.parametrize("size", [(8, 8), (64, 64), (63, 127), (200, 33), (33, 700)], ids=str)
def test_small_hashes_equal_imagehash(size: tuple[int, int]) -> None:
    for seed in range(4):
        pixels = _pixels(*size, seed=seed)
        got = fp.hash_images([pixels], list(SMALL))
        for kind, oracle in SMALL.items():
            expected = np.packbits(oracle(Image.fromarray(pixels)).hash.reshape(-1))
            # Where block sums tie with the median, the wavelet's rounding decides.
            assert _apart(got.codes[kind][0], expected) <= (1 if kind == "whash" else 0), kind


@pytest.mark.needs_shared
@pytest.mark.parametrize("folder", ["photos_imagenet200", "photos_highres", "photos_clothing_cc0"])
def test_photos(shared_data: Path, folder: str) -> None:
    paths = sorted(
        p for p in (shared_data / folder).rglob("*") if p.suffix.lower() in (".jpg", ".jpeg")
    )
    files = [path.read_bytes() for path in paths[:: max(1, len(paths) // 40)]]
    got = fp.hash_images(files, [*PDQ_KINDS, "pdq_fast", *SMALL])
    assert got.errors == [None] * len(files)
    for row, data in enumerate(files):
        pixels = np.ascontiguousarray(fp.decode_jpeg(data))
        _assert_pdq(pixels, got.codes, row, int(got.quality[row]))
        assert (got.height[row], got.width[row]) == pixels.shape[:2]
        if got.quality[row] >= 80:
            assert _apart(got.codes["pdq_fast"][row], got.codes["pdq"][row]) <= 10
        for kind, oracle in SMALL.items():
            expected = np.packbits(oracle(Image.fromarray(pixels)).hash.reshape(-1))
            assert _apart(got.codes[kind][row], expected) <= (1 if kind == "whash" else 0)


@pytest.mark.needs_shared
def test_published_hashes(shared_data: Path) -> None:
    """ThreatExchange's rule: 10 bits where quality is 80 or more; others resize first, so 16."""
    folder = shared_data / "phash_pdq_reference"
    with (folder / "published_hashes.csv").open() as file:
        rows = list(csv.DictReader(file))
    path_key = next(key for key in rows[0] if "path" in key or "file" in key)
    hash_key = next(key for key in rows[0] if "hash" in key or "pdq" in key)
    compared = 0
    for row in rows:
        path = folder / row[path_key]
        if not path.is_file() or len(row[hash_key]) != 64:
            continue
        with Image.open(path) as image:
            shrunk = image.convert("RGB")
            shrunk.thumbnail((512, 512))
        got = fp.hash_images([np.asarray(shrunk)], ["pdq"])
        expected = np.frombuffer(bytes.fromhex(row[hash_key]), dtype=np.uint8)
        if got.quality[0] >= 80:
            assert _apart(got.codes["pdq"][0], expected) <= 16, path
            compared += 1
    assert compared >= 10


def test_exact_hashes() -> None:
    data = jpeg(1)
    pixels = fp.decode_jpeg(data)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    got = fp.hash_images([data, pixels, buffer.getvalue(), jpeg(2)], ["sha256", "pixels"])
    assert got.codes["sha256"][0].tobytes() == hashlib.sha256(data).digest()
    same = got.codes["pixels"]
    assert np.array_equal(same[0], same[1])
    assert np.array_equal(same[0], same[2])
    assert not np.array_equal(same[0], same[3])
    turned = fp.hash_images([pixels.reshape(pixels.shape[1], pixels.shape[0], 3)], ["pixels"])
    assert not np.array_equal(turned.codes["pixels"][0], same[0])


def test_statistics() -> None:
    pixels = _pixels(50, 60, seed=3)
    flat = np.full((20, 30, 3), (10, 20, 40), dtype=np.uint8)
    got = fp.hash_images([pixels, flat, jpeg(1)], [], statistics=True)
    gray = np.asarray(Image.fromarray(pixels).convert("L")).astype(np.int64)
    counts = np.bincount(gray.ravel(), minlength=256) / gray.size
    entropy = -(counts[counts > 0] * np.log2(counts[counts > 0])).sum()
    inner = gray[1:-1, 1:-1]
    laplacian = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:] - 4 * inner
    high, low = pixels.max(axis=2).astype(float), pixels.min(axis=2)
    expected = {
        "brightness": gray.mean(),
        "entropy": entropy,
        "laplacian_variance": laplacian.var(),
        "saturation": ((high - low) / np.maximum(high, 1)).mean(),
        "is_single_color": 0,
    }
    for name, value in expected.items():
        assert got.statistics[name][0] == pytest.approx(value, rel=1e-5), name
    assert got.statistics["is_single_color"].tolist() == [0, 1, 0]
    assert got.statistics["entropy"][1] == got.statistics["laplacian_variance"][1] == 0
    assert got.statistics["saturation"][1] == pytest.approx(0.75)


def test_threads_and_neighbors_change_nothing() -> None:
    images: list[object] = [jpeg(seed, height=40 + seed, width=300 - seed) for seed in range(40)]
    images[7], images[20] = b"no picture", jpeg(3)[:400]
    one = fp.hash_images(images, HASH_KINDS, threads=1, statistics=True)
    many = fp.hash_images(images, HASH_KINDS, threads=4, statistics=True)
    for kind in HASH_KINDS:
        assert np.array_equal(one.codes[kind], many.codes[kind])
        alone = fp.hash_images([images[11]], [kind])
        assert np.array_equal(alone.codes[kind][0], one.codes[kind][11])
    assert [e is not None for e in one.errors] == [i in (7, 20) for i in range(40)]
    assert isinstance(one.errors[7], fp.UnsupportedImage)
    assert isinstance(one.errors[20], fp.CorruptImage)
    assert not one.codes["pdq"][[7, 20]].any()
    assert one.height[20] == 0


def test_refusals() -> None:
    with pytest.raises(fp.BadArgument, match="no hash named 'md5'; there are: ahash"):
        fp.hash_images([], ["md5"])
    with pytest.raises(fp.BadArgument, match="wanted a list"):
        fp.hash_images(jpeg(1))
    with pytest.raises(fp.BadArgument, match=r"images\[0\] is float64"):
        fp.hash_images([np.zeros((4, 4, 3))])
    with pytest.raises(fp.BadArgument, match=r"images\[1\]"):
        fp.hash_images([jpeg(1), "path.jpg"])
    got = fp.hash_images([jpeg(1)], max_pixels=10)
    assert isinstance(got.errors[0], fp.ImageTooLarge)
    assert len(fp.hash_images([])) == 0
