"""decode_image and probe of everything but JPEG: by content, the pixels of Pillow, named errors."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from support.jpeg_scans import smooth_picture

import fastpass as fp

# Pillow warns of what it finds odd in damaged files.
pytestmark = pytest.mark.filterwarnings("ignore")


def _save(image: Image.Image, format_name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def _picture(mode: str = "RGB", height: int = 37, width: int = 53) -> Image.Image:
    image = Image.fromarray(smooth_picture(height, width))
    if mode.endswith("A"):
        image.putalpha(
            Image.fromarray(np.arange(height * width, dtype=np.uint8).reshape(height, -1))
        )
    return image.convert(mode)


def _pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


FILES: dict[str, Callable[[], bytes]] = {
    "bmp": lambda: _save(_picture(), "BMP"),
    "bmp gray": lambda: _save(_picture("L"), "BMP"),
    "bmp palette": lambda: _save(_picture("P"), "BMP"),
    "bmp bits": lambda: _save(_picture("1"), "BMP"),
    "bmp alpha": lambda: _save(_picture("RGBA"), "BMP"),
    "gif": lambda: _save(_picture(), "GIF"),
    "gif gray": lambda: _save(_picture("L"), "GIF"),
    "gif animated": lambda: _save(
        _picture(), "GIF", save_all=True, append_images=[_picture().rotate(90), _picture("L")]
    ),
    "gif transparent": lambda: _save(_picture("P"), "GIF", transparency=3, comment=b"x" * 700),
    "tiff": lambda: _save(_picture(), "TIFF"),
    "tiff lzw": lambda: _save(_picture(), "TIFF", compression="tiff_lzw"),
    "tiff jpeg": lambda: _save(_picture(), "TIFF", compression="jpeg"),
    "tiff deflate": lambda: _save(_picture("L"), "TIFF", compression="tiff_adobe_deflate"),
    "tiff palette": lambda: _save(_picture("P"), "TIFF"),
    "tiff alpha": lambda: _save(_picture("RGBA"), "TIFF"),
    "tiff cmyk": lambda: _save(_picture("CMYK"), "TIFF"),
    "tiff bits": lambda: _save(_picture("1"), "TIFF", compression="group4"),
    "tiff big-endian": lambda: _save(_picture(), "TIFF", big_tiff=False, tiffinfo={270: "x"}),
    "tiff pages": lambda: _save(_picture(), "TIFF", save_all=True, append_images=[_picture("L")]),
    "avif": lambda: _save(_picture(), "AVIF", quality=90),
    "avif alpha": lambda: _save(_picture("RGBA"), "AVIF"),
    "avif gray": lambda: _save(_picture("L"), "AVIF"),
    "avif animated": lambda: _save(
        _picture(), "AVIF", save_all=True, append_images=[_picture().rotate(90)]
    ),
    "png gray with alpha": lambda: _save(_picture("LA"), "PNG"),
    "png animated": lambda: _save(_picture(), "PNG", save_all=True, append_images=[_picture()]),
    "webp animated": lambda: _save(
        _picture(), "WEBP", lossless=True, save_all=True, append_images=[_picture().rotate(90)]
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_pixels_are_those_of_pillow(name: str) -> None:
    data = FILES[name]()
    pixels = fp.decode_image(data)
    np.testing.assert_array_equal(pixels, _pillow(data))
    info = fp.probe(data)
    assert info.format == name.split()[0]
    assert (info.height, info.width, 3) == pixels.shape == (37, 53, 3)
    assert info.exif_orientation == 1
    assert 1 <= info.num_components <= 4


@pytest.mark.parametrize("name", FILES)
def test_cut_off_files_are_named_errors(name: str) -> None:
    """None decodes to something else, and nothing but our errors comes out."""
    data = FILES[name]()
    whole = _pillow(data)
    for size in [*range(min(len(data), 60)), *range(60, len(data), max(1, len(data) // 60))]:
        try:
            pixels = fp.decode_image(data[:size])
        except (fp.CorruptImage, fp.UnsupportedImage):
            continue
        np.testing.assert_array_equal(pixels, whole)
    for size in range(0, len(data), max(1, len(data) // 200)):
        try:
            info = fp.probe(data[:size])
        except (fp.CorruptImage, fp.UnsupportedImage):
            continue
        assert (info.height, info.width) == (37, 53)


@pytest.mark.parametrize("name", FILES)
def test_damaged_headers_are_named_errors(name: str) -> None:
    data = FILES[name]()
    rng = np.random.default_rng(0)
    for _ in range(120):
        damaged = bytearray(data)
        for at in rng.integers(0, min(len(data), 400), 3):
            damaged[at] = rng.integers(0, 256)
        with contextlib.suppress(fp.CorruptImage, fp.UnsupportedImage, fp.ImageTooLarge):
            fp.decode_image(bytes(damaged), max_pixels=10**6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_always_turned_as_pillow_turns_it(orientation: int) -> None:
    data = _save(_picture(), "TIFF", tiffinfo={274: orientation})
    wanted = _pillow(data)
    assert wanted.shape == ((37, 53, 3) if orientation < 5 else (53, 37, 3))
    info = fp.probe(data)
    assert (info.height, info.width, info.exif_orientation) == (*wanted.shape[:2], 1)
    for orientation_word in ("ignore", "apply"):
        found = fp.decode_image(data, orientation=orientation_word)  # type: ignore[arg-type]
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bit_gray_keeps_its_high_byte(order: str) -> None:
    values = (np.arange(37 * 53, dtype=np.uint16).reshape(37, 53) * 33).astype(order)
    wanted = np.repeat((values >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
    for format_name in ("TIFF", "PNG"):
        data = _save(Image.fromarray(values), format_name)
        np.testing.assert_array_equal(fp.decode_image(data), wanted)


def test_samples_without_a_range_are_refused() -> None:
    values = np.arange(37 * 53).reshape(37, 53)
    for dtype, kind in ((np.int32, "32-bit integers"), (np.float32, "floating-point")):
        data = _save(Image.fromarray(values.astype(dtype)), "TIFF")
        with pytest.raises(fp.UnsupportedImage, match=f"TIFF whose samples are {kind}"):
            fp.decode_image(data)


def _chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(kind + payload)
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", checksum)


@pytest.mark.parametrize("payload", [b"", b"name", b"name\0", b"n" * 90, b"name\0\0broken"])
def test_a_png_with_an_odd_color_profile(payload: bytes) -> None:
    """Pillow raises IndexError for some of them, and SyntaxError or nothing for others."""
    data = _save(_picture(), "PNG")
    odd = data[:33] + _chunk(b"iCCP", payload) + data[33:]
    try:
        pixels = fp.decode_image(odd)
    except fp.CorruptImage as error:
        assert str(error).startswith("Pillow cannot decode this PNG: ")  # noqa: PT017
    else:
        np.testing.assert_array_equal(pixels, _pillow(data))


def test_a_frame_larger_than_the_screen_of_its_gif() -> None:
    data = bytearray(_save(_picture(), "GIF"))
    data[6:10] = struct.pack("<HH", 11, 12)
    info = fp.probe(bytes(data))
    assert fp.decode_image(bytes(data)).shape == (info.height, info.width, 3) == (37, 53, 3)


@pytest.mark.parametrize("name", ["bmp", "gif", "tiff", "avif"])
def test_the_budget_holds_for_all(name: str) -> None:
    with pytest.raises(fp.ImageTooLarge, match=f"the {name.upper()} declares 53 x 37 pixels"):
        fp.decode_image(FILES[name](), max_pixels=37 * 53 - 1)


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", 8 + len(payload)) + kind + payload


def _heic(quarters: int) -> bytes:
    """The boxes of a HEIC file that say how large it is; no pixels."""
    properties = _box(b"ispe", struct.pack(">III", 0, 400, 300)) + _box(b"irot", bytes([quarters]))
    associations = struct.pack(">IIHBBB", 0, 1, 7, 2, 0x81, 0x02)
    meta = (
        _box(b"pitm", struct.pack(">IH", 0, 7))
        + _box(b"iprp", _box(b"ipco", properties) + _box(b"ipma", associations))
    )  # fmt: skip
    return _box(b"ftyp", b"heic\0\0\0\0mif1heic") + _box(b"meta", bytes(4) + meta)


def test_heic_is_known_by_its_header_and_wants_its_plug_in() -> None:
    assert fp.probe(_heic(0)).format == "heic"
    assert (fp.probe(_heic(0)).height, fp.probe(_heic(0)).width) == (300, 400)
    assert (fp.probe(_heic(1)).height, fp.probe(_heic(1)).width) == (400, 300)  # turned by libheif
    # Where the plug-in is there, it finds no pixels.
    with pytest.raises((fp.UnsupportedImage, fp.CorruptImage), match="HEIC"):
        fp.decode_image(_heic(0))


def test_what_no_one_knows_is_refused_by_name() -> None:
    for data in (b"hello, world", b"%PDF-1.7 ...", b"\0\0\0\x18ftypmp42\0\0\0\0isom"):
        for function in (fp.probe, fp.decode_image):
            with pytest.raises(fp.UnsupportedImage, match="JPEG, PNG, WebP, BMP, GIF, TIFF"):
                function(data)
