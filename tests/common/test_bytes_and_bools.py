"""Whatever lies in memory without a gap is bytes; NumPy's bools are bools; all else is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pictures import image_folder, jpeg

import fastpass as fp

DATA = jpeg(3)
DATA += bytes(-len(DATA) % 8)  # what follows the end of a JPEG does not matter


@pytest.mark.parametrize(
    "data",
    [
        bytearray(DATA),
        np.frombuffer(DATA, np.uint8),
        np.frombuffer(DATA, np.uint32),
        np.frombuffer(DATA, "S8"),
        np.frombuffer(DATA, [("first", "u4"), ("second", "i4")]),
        memoryview(DATA).cast("Q"),
        memoryview(DATA).cast("B", (len(DATA) // 8, 8)),
    ],
    ids=lambda data: f"{type(data).__name__} {getattr(data, 'dtype', '')}",
)
def test_bytes_of_any_item_are_bytes(data: Any) -> None:
    expected = fp.decode_jpeg(DATA)
    np.testing.assert_array_equal(fp.decode_jpeg(data), expected)
    np.testing.assert_array_equal(fp.decode_image(data), expected)
    assert fp.probe(data) == fp.probe(DATA)
    codes = fp.hash_images([data, DATA], ["phash", "sha256"]).codes
    assert all((code[0] == code[1]).all() for code in codes.values())


@pytest.mark.parametrize("data", [b"", np.uint8(7), np.zeros(0, np.uint8), memoryview(b"")])
def test_next_to_nothing_is_no_image(data: Any) -> None:
    for decode in (fp.decode_jpeg, fp.decode_image, fp.probe):
        with pytest.raises((fp.CorruptImage, fp.UnsupportedImage)):
            decode(data)
    (error,) = fp.hash_images([data]).errors
    assert isinstance(error, fp.CorruptImage | fp.UnsupportedImage)


@pytest.mark.parametrize("data", [None, 7, "photo.jpg", [b""], memoryview(DATA)[::2]])
def test_what_has_no_bytes_is_refused(data: Any) -> None:
    with pytest.raises(fp.BadArgument, match="wanted bytes-like data|not contiguous"):
        fp.hash_images([data])
    with pytest.raises(fp.BadArgument, match="wanted bytes-like data|not contiguous"):
        fp.decode_image(data)


def test_arguments_of_hash_images() -> None:
    for kinds in (5, None, ["pdq", 7], [["pdq"]], "md5"):
        with pytest.raises(fp.BadArgument, match="no hash named"):
            fp.hash_images([DATA], kinds)  # type: ignore[arg-type]
    with pytest.raises(fp.BadArgument, match="statistics = 'yes', wanted True or False"):
        fp.hash_images([DATA], statistics="yes")  # type: ignore[arg-type]
    assert fp.hash_images([DATA], statistics=np.True_).statistics


def test_bools(tmp_path: Path) -> None:
    root = image_folder(tmp_path / "root", num_classes=1)
    options: dict[str, Any] = {"batch_size": 3, "threads": 1}
    with fp.Loader(root, "rrc", shuffle=np.False_, drop_last=np.False_, **options) as loader:
        assert loader.state_dict()["shuffle"] is False
        assert len(loader) == 3
    for value in (1, 0, "no", None):
        with pytest.raises(fp.BadArgument, match="pad_last = .*, wanted True or False"):
            fp.Loader(root, "rrc", pad_last=value, **options)
    with pytest.raises(fp.BadArgument, match="mode = .*wanted one of"):
        fp.Loader(root, "rrc", mode=np.array(["fast", "exact"]), **options)
