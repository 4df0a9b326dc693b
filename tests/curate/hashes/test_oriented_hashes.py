"""orientation="apply": the hashes of an oriented file are those of the pixels Pillow has turned."""

from __future__ import annotations

import io
from typing import Any

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageOps
from support.dedup_photos import picture

import fastpass as fp

KINDS = ["pdq", "pdq:rotate90", "phash", "dhash", "ahash", "whash", "pixels"]
ORACLES = {
    "ahash": imagehash.average_hash,
    "dhash": imagehash.dhash,
    "phash": imagehash.phash,
    "whash": imagehash.whash,
}


def _encoded(seed: int, orientation: int, format_name: str, size: tuple[int, int]) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 93} if format_name == "JPEG" else {}
    buffer = io.BytesIO()
    image = picture(seed).resize(size)
    image.save(buffer, format_name, exif=exif, **options)
    return buffer.getvalue()


def _shown(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
def test_hashes_are_those_of_the_turned_pixels(format_name: str) -> None:
    sizes = [(200, 131), (97, 240)]
    files = [_encoded(i, i, format_name, sizes[i % 2]) for i in range(1, 9)]
    shown = [_shown(data) for data in files]
    found = fp.hash_images(files, KINDS, statistics=True, orientation="apply")
    wanted = fp.hash_images(shown, KINDS, statistics=True)
    for kind in KINDS:
        np.testing.assert_array_equal(found.codes[kind], wanted.codes[kind], err_msg=kind)
    for kind, oracle in ORACLES.items():
        for row, pixels in enumerate(shown):
            expected = np.packbits(oracle(Image.fromarray(pixels)).hash.reshape(-1))
            np.testing.assert_array_equal(found.codes[kind][row], expected)
    np.testing.assert_array_equal(found.quality, wanted.quality)
    np.testing.assert_array_equal(found.height, [pixels.shape[0] for pixels in shown])
    np.testing.assert_array_equal(found.width, [pixels.shape[1] for pixels in shown])
    for name, values in wanted.statistics.items():
        np.testing.assert_array_equal(found.statistics[name], values)


def test_by_default_files_are_hashed_as_they_are_stored() -> None:
    turned, plain = (_encoded(3, orientation, "JPEG", (200, 131)) for orientation in (6, 1))
    found = fp.hash_images([turned, plain], KINDS)
    for kind in KINDS:
        np.testing.assert_array_equal(found.codes[kind][0], found.codes[kind][1])
    assert (found.height[0], found.width[0]) == (131, 200)
    applied = fp.hash_images([turned, plain], "sha256", orientation="apply")
    assert (
        applied.codes["sha256"].tobytes()
        == fp.hash_images([turned, plain], "sha256").codes["sha256"].tobytes()
    )


@pytest.mark.parametrize("size", [(1031, 2053), (1200, 900), (600, 513), (120, 90)])
def test_the_fast_hash_is_as_close_to_pdq_as_it_is_of_upright_files(size: tuple[int, int]) -> None:
    """Large files are decoded at a smaller scale, where a side may be stored in reverse."""
    for seed in (1, 5):
        files = [_encoded(seed, orientation, "JPEG", size) for orientation in range(1, 9)]
        found = fp.hash_images(files, ["pdq", "pdq_fast"], orientation="apply")
        apart = np.unpackbits(found.codes["pdq"] ^ found.codes["pdq_fast"], axis=1).sum(axis=1)
        assert (found.quality >= 80).all()
        assert (apart <= 10).all(), apart


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(fp.BadArgument, match="orientation is 'upright', wanted 'ignore' or"):
        fp.hash_images([b""], orientation="upright")  # type: ignore[arg-type]


def test_damaged_files_are_hashed_as_they_are_filled() -> None:
    """As the advice in the error says; turned as well."""
    whole = _encoded(2, 6, "JPEG", (200, 131))
    cut = whole[: len(whole) * 2 // 3]
    (error,) = fp.hash_images([cut], KINDS).errors
    assert isinstance(error, fp.CorruptImage)
    assert 'on_damage="fill"' in str(error)
    found = fp.hash_images([cut, whole], KINDS, on_damage="fill", orientation="apply")
    assert found.ok.all()
    pixels = fp.decode_jpeg(cut, on_damage="fill", orientation="apply")
    np.testing.assert_array_equal(
        fp.decode_image(cut, on_damage="fill", orientation="apply"), pixels
    )
    wanted = fp.hash_images([pixels], KINDS)
    for kind in KINDS:
        np.testing.assert_array_equal(found.codes[kind][0], wanted.codes[kind][0], err_msg=kind)
    with pytest.raises(fp.BadArgument, match="on_damage = 'skip'"):
        fp.hash_images([cut], on_damage="skip")  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match="on_damage = 'skip'"):
        fp.decode_image(cut, on_damage="skip")  # type: ignore[arg-type]
