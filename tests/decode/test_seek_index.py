"""Seek indexes: they lead where they say, and only their own file accepts them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import xxhash
from PIL import Image
from support.pictures import jpeg as picture
from support.seek_witness import (
    block_means,
    dc_difference_at,
    dc_steps,
    mean_of_dc,
    read_index,
)

import fastpass as fp

BACKENDS = [b.name for b in fp.backends() if b.stage == "decode" and b.available]
BACKENDS.remove("pillow")  # not for JPEG


def _jpeg(height: int, width: int, mode: str = "RGB", **options: object) -> bytes:
    with Image.open(io.BytesIO(picture(3, height, width, quality=97))) as image:
        buffer = io.BytesIO()
        image.convert(mode).save(buffer, "JPEG", **{"quality": 97, **options})
    return buffer.getvalue()


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("size", [(203, 301), (640, 333)])
def test_what_the_header_says(subsampling: str, size: tuple[int, int]) -> None:
    data = _jpeg(*size, subsampling=subsampling)
    index = fp.build_seek_index(data)
    assert len(index) * 50 <= len(data)
    read = read_index(index)
    assert (read.jpeg_bytes, read.jpeg_hash) == (len(data), xxhash.xxh64(data).intdigest())
    mcu_height, mcu_width = {"4:4:4": (8, 8), "4:2:2": (8, 16), "4:2:0": (16, 16)}[subsampling]
    num_mcus = -(-size[0] // mcu_height) * -(-size[1] // mcu_width)
    assert len(read.entries) == -(-num_mcus // read.mcus_per_entry)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("restart", [{}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 5}])
def test_predictors_and_offsets_against_libjpeg(mode: str, restart: dict[str, int]) -> None:
    """At 1/8 libjpeg shows the DC of every block: before an MCU stands that of the MCU before, and
    the code at the entry's bit leads to that of its own.
    """
    height, width = 344, 424
    data = _jpeg(height, width, mode, subsampling="4:4:4", **restart)
    steps = dc_steps(data)
    # Pillow inverts CMYK on the way out
    means = block_means(data, {"RGB": "YCbCr"}.get(mode, mode)).astype(int)
    means = 255 - means if mode == "CMYK" else means
    num_components = means.shape[2]
    columns = width // 8
    interval = {"restart_marker_rows": columns, "restart_marker_blocks": 5}.get(
        next(iter(restart), ""), 0
    )
    entries = read_index(fp.build_seek_index(data)).entries
    assert len(entries) > 30
    num_restarts = 0
    for entry in entries:
        if interval and entry.mcu % interval == 0:
            num_restarts += 1
            assert entry.bit_offset % 8 == 0
            assert entry.dc == (0, 0, 0, 0)
            if entry.mcu > 0:
                marker = data[entry.bit_offset // 8 - 2 : entry.bit_offset // 8]
                assert marker == bytes([0xFF, 0xD0 + (entry.mcu // interval - 1) % 8])
        elif entry.mcu > 0:
            row, column = divmod(entry.mcu - 1, columns)
            for component in range(num_components):
                step = steps[1 if mode == "RGB" and component > 0 else 0]
                expected = means[row, column, component]
                assert mean_of_dc(entry.dc[component], step) == expected
        row, column = divmod(entry.mcu, columns)
        dc = entry.dc[0] + dc_difference_at(data, entry.bit_offset)
        assert mean_of_dc(dc, steps[0]) == means[row, column, 0]
    assert (num_restarts > 0) == bool(restart)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"no JPEG at all" * 1000,
        _jpeg(300, 300, progressive=True),
        _jpeg(300, 300)[:-3000],
        _jpeg(16, 16),
    ],
    ids=["empty", "start only", "text", "progressive", "truncated", "small"],
)
def test_files_without_an_index(data: bytes) -> None:
    assert fp.build_seek_index(data) == b""


@pytest.mark.parametrize(("mode", "fewest_damaged"), [("L", 50), ("RGB", 3)])
def test_damaged_data_gets_none(mode: str, fewest_damaged: int) -> None:
    """Some of the data is lost: there is an index exactly where our decoder takes the file.

    In color libjpeg-turbo rarely notices: luma read with the tables of chroma makes shorter blocks,
    and what is left over before a restart marker is passed over.
    """
    data = _jpeg(300, 300, mode, restart_marker_rows=2)
    begin = data.rindex(b"\xff\xda")
    num_damaged = 0
    for at in range(begin + 20, len(data) - 2, 397):
        file = data[:at] + data[at + 150 :]
        is_damaged = _is_damaged(file, "cpu")
        assert (fp.build_seek_index(file) == b"") == is_damaged, at
        assert is_damaged or not _is_damaged(file, "turbo")
        num_damaged += is_damaged
    assert num_damaged > fewest_damaged


def _is_damaged(file: bytes, backend: str) -> bool:
    try:
        fp.decode_jpeg(file, backend=backend)
    except fp.CorruptImage:
        return True
    return False


def test_decoding_with_an_index_changes_no_pixel() -> None:
    files = [_jpeg(203, 301), _jpeg(300, 300, progressive=True), _jpeg(344, 424, "L")]
    indexes = [fp.build_seek_index(data) for data in files]
    assert [bool(index) for index in indexes] == [True, False, True]
    crop = fp.CropBox(top=33, left=50, height=100, width=121)
    for options in ({}, {"crop": crop}, {"scale_denominator": 2}):
        plain = fp.decode_jpeg(files, **options)
        for backend in ("auto", *BACKENDS):
            for given in (indexes, [indexes[0], None, memoryview(indexes[2])]):
                seen = fp.decode_jpeg(files, index=given, backend=backend, **options)
                assert all(np.array_equal(a, b) for a, b in zip(plain, seen, strict=True))
    one = fp.decode_jpeg(files[0], index=bytearray(indexes[0]))
    np.testing.assert_array_equal(one, fp.decode_jpeg(files[0]))


def test_damaged_and_foreign_indexes_are_refused() -> None:
    data = _jpeg(344, 424)
    index = fp.build_seek_index(data)
    for at in range(0, len(index), 7):
        damaged = bytearray(index)
        damaged[at] ^= 0x10
        with pytest.raises(fp.BadSeekIndex, match="build it again"):
            fp.decode_jpeg(data, index=damaged)
    for length in (1, 44, len(index) - 1):
        with pytest.raises(fp.BadSeekIndex, match="build it again"):
            fp.decode_jpeg(data, index=index[:length])
    other = _jpeg(344, 432)
    with pytest.raises(fp.BadSeekIndex, match=rf"{len(other)} bytes.* {len(data)};"):
        fp.decode_jpeg(data, index=fp.build_seek_index(other))


def test_an_index_of_other_bytes_of_the_same_length_is_refused() -> None:
    data = bytearray(_jpeg(344, 424))
    index = fp.build_seek_index(data)
    data[len(data) // 2] ^= 1
    with pytest.raises(fp.BadSeekIndex, match=rf"XXH64 .*{xxhash.xxh64(data).hexdigest()}"):
        fp.decode_jpeg(data, index=index, on_damage="fill")
    with pytest.raises(fp.BadSeekIndex, match="image 1 of 3"):
        fp.decode_jpeg([data] * 3, index=[None, index, b""], on_damage="fill")


@pytest.mark.parametrize(
    ("data", "index", "message"),
    [
        (b"x", 7, "index is a int"),
        (b"x", "text", "index is a str"),
        (b"x", [b""], "index is a list"),
        ([b"x"], b"x", "index is bytes, wanted a list of 1"),
        ([b"x"], [], "index is 0 of them, wanted a list of 1"),
        ([b"x", b"x"], [None, 3.5], "index 1 is a float"),
    ],
)
def test_wrong_types(data: object, index: object, message: str) -> None:
    with pytest.raises(fp.BadArgument, match=message):
        fp.decode_jpeg(data, index=index)
    with pytest.raises(fp.BadArgument, match="data is a int"):
        fp.build_seek_index(7)


@pytest.mark.needs_shared
@pytest.mark.parametrize("folder", ["photos_imagenet200", "photos_clothing_cc0"])
def test_photos(shared_data: Path, folder: str) -> None:
    """Nearly every photo gets an index, and it takes its 2 %, no more."""
    files = [path for path in (shared_data / folder).rglob("*.*") if path.suffix != ".csv"]
    sizes = [(len(fp.build_seek_index(path.read_bytes())), path.stat().st_size) for path in files]
    assert sum(index > 0 for index, _ in sizes) >= 199
    assert all(50 * index <= size for index, size in sizes)
    assert sum(index for index, _ in sizes) > 0.017 * sum(size for _, size in sizes)


@pytest.mark.needs_shared
def test_hostile_files(shared_data: Path) -> None:
    """A file that a decoder calls damaged has no index; all others decode the same with theirs."""
    num_indexed = 0
    for path in sorted((shared_data / "jpeg_hostile").rglob("*.jp*g")):
        data = path.read_bytes()
        index = fp.build_seek_index(data)
        if not index:
            continue
        num_indexed += 1
        try:
            plain = fp.decode_jpeg(data)
        except fp.UnsupportedImage:
            continue
        np.testing.assert_array_equal(fp.decode_jpeg(data, index=index), plain, err_msg=path.name)
    assert num_indexed > 50


def test_an_index_that_begins_elsewhere_is_refused() -> None:
    """All its checksums are right, but its predictors are not those of the first MCU."""
    data = _jpeg(203, 301)
    index = bytearray(fp.build_seek_index(data))
    index[28] ^= 1  # the smallest predictor of the first component
    index[-4:] = (xxhash.xxh64_intdigest(bytes(index[:-4])) & 0xFFFFFFFF).to_bytes(4, "little")
    with pytest.raises(fp.BadSeekIndex, match="first MCU"):
        fp.decode_jpeg(data, index=bytes(index), backend="cpu")
