"""Image hashes against the packages pdqhash and ImageHash, and published hashes."""

from __future__ import annotations

import csv
import hashlib
import io
import time
from pathlib import Path

import imagehash
import numpy as np
import numpy.typing as npt
import pdqhash
import pytest
from PIL import Image
from support.pictures import jpeg

import fastpass as fp
from fastpass.curate.hashes.images import DIHEDRALS, HASH_KINDS

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
            assert np.array_equal(got.codes[kind][0], expected), kind


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
            assert np.array_equal(got.codes[kind][row], expected), kind


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
    assert one.ok.tolist() == [i not in (7, 20) for i in range(40)]
    assert isinstance(one.errors[7], fp.UnsupportedImage)
    assert isinstance(one.errors[20], fp.CorruptImage)
    assert not one.codes["pdq"][[7, 20]].any()
    assert one.height[20] == 0


def test_small_and_garish_images_have_the_same_fast_code() -> None:
    """Where samples repeat, frequencies tie; where colors are clipped, Y is not what is seen."""
    rng = np.random.default_rng(4)
    compared = 0
    for height, width in rng.integers(5, 300, (80, 2)):
        low = rng.choice([0, 255], (max(1, height // 9), max(1, width // 9), 3)).astype(np.uint8)
        picture = Image.fromarray(low).resize((width, height), Image.Resampling.NEAREST)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=40)
        got = fp.hash_images([buffer.getvalue(), np.asarray(picture)], ["pdq", "pdq_fast"])
        for row in range(2):
            if got.quality[row] >= 80:
                apart = _apart(got.codes["pdq"][row], got.codes["pdq_fast"][row])
                assert apart <= 10, (height, width, row)
                compared += 1
    assert compared > 100


@pytest.mark.needs_shared
def test_odd_and_damaged_files(shared_data: Path) -> None:
    """Each has a row or an error with a name, whoever stands beside it."""
    files = [p.read_bytes() for p in sorted((shared_data / "jpeg_hostile").rglob("*.jp*g"))]
    got = fp.hash_images(files, HASH_KINDS, statistics=True, threads=2)
    assert 100 < got.ok.sum() < len(files) - 300
    for row in np.flatnonzero(got.ok & (got.quality >= 80)):
        assert _apart(got.codes["pdq"][row], got.codes["pdq_fast"][row]) <= 10
    for row in np.flatnonzero(~got.ok):
        assert isinstance(got.errors[row], fp.CorruptImage | fp.UnsupportedImage | fp.ImageTooLarge)
        assert not any(got.codes[kind][row].any() for kind in HASH_KINDS if kind != "sha256")


def test_images_that_are_decoded_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    images: list[object] = []
    for seed in range(9):
        buffer = io.BytesIO()
        Image.fromarray(_pixels(70 + seed, 90, seed)).save(buffer, "PNG")
        images += [buffer.getvalue(), jpeg(seed), buffer.getvalue()[:90]]
    whole = fp.hash_images(images, HASH_KINDS, statistics=True)
    monkeypatch.setattr("fastpass.curate.hashes.images._MOST_DECODED_BYTES", 30_000)
    pieces = fp.hash_images(images, HASH_KINDS, statistics=True)
    for kind in HASH_KINDS:
        assert np.array_equal(whole.codes[kind], pieces.codes[kind])
    for name in whole.statistics:
        assert np.array_equal(whole.statistics[name], pieces.statistics[name])
    assert whole.ok.tolist() == pieces.ok.tolist() == [i % 3 != 2 for i in range(27)]
    for name in ("quality", "quality_fast", "height", "width"):
        assert np.array_equal(getattr(whole, name), getattr(pieces, name))


def test_images_of_extreme_shapes() -> None:
    """Time and memory do not explode; what is longer than any photo is refused by name."""
    thin = [np.full(shape, 7, dtype=np.uint8) for shape in ((5, 300_000, 3), (300_000, 5, 3))]
    too_long = np.zeros((1, 2**20 + 1, 3), dtype=np.uint8)
    began = time.monotonic()
    got = fp.hash_images([*thin, too_long], HASH_KINDS, statistics=True, threads=1)
    assert time.monotonic() - began < 20
    assert got.ok.tolist() == [True, True, False]
    assert isinstance(got.errors[2], fp.ImageTooLarge)
    assert "1048577 x 1" in str(got.errors[2])


def test_refusals() -> None:
    with pytest.raises(fp.BadArgument, match="no hash named 'md5'; there are: ahash"):
        fp.hash_images([], ["md5"])
    with pytest.raises(fp.BadArgument, match="wanted a list"):
        fp.hash_images(jpeg(1))
    with pytest.raises(fp.BadArgument, match=r"images\[0\] is float64"):
        fp.hash_images([np.zeros((4, 4, 3))])
    with pytest.raises(
        fp.BadArgument, match=r"images\[0\] is uint8 \[4, 4\], wanted uint8 \[height"
    ):
        fp.hash_images([np.zeros((4, 4), dtype=np.uint8)])
    with pytest.raises(fp.BadArgument, match=r"images\[1\]"):
        fp.hash_images([jpeg(1), "path.jpg"])
    got = fp.hash_images([jpeg(1)], max_pixels=10)
    assert isinstance(got.errors[0], fp.ImageTooLarge)
    assert len(fp.hash_images([])) == 0
    assert fp.hash_images([], "pdq").codes["pdq"].shape == (0, 32)
