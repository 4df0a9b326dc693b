"""Headers against Pillow; hostile headers are refused with an offset."""

from __future__ import annotations

import csv
import io
import struct
import warnings
import zlib

import pytest
from PIL import Image

from fastpass.decode.probe import probe
from fastpass.errors import CorruptImage, FastpassError, UnsupportedImage
from fastpass.types import ImageInfo

SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def encode(mode: str, size: tuple[int, int], format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (65500, 1)])
@pytest.mark.parametrize("subsampling", SUBSAMPLING)
@pytest.mark.parametrize("is_progressive", [False, True])
def test_jpeg(size, subsampling, is_progressive):
    options = {"subsampling": SUBSAMPLING[subsampling], "progressive": is_progressive}
    data = encode("RGB", size, "JPEG", **options)
    assert probe(data) == ImageInfo("jpeg", *size, 3, subsampling, is_progressive, 1)


def test_gray_and_cmyk_jpeg():
    assert probe(encode("L", (9, 5), "JPEG")) == ImageInfo("jpeg", 9, 5, 1, "none", False, 1)
    assert probe(encode("CMYK", (9, 5), "JPEG")).num_components == 4


@pytest.mark.parametrize(
    ("mode", "num_components", "subsampling"),
    [("1", 1, "none"), ("L", 1, "none"), ("LA", 2, "none"), ("P", 1, "none"), ("I;16", 1, "none"),
     ("RGB", 3, "4:4:4"), ("RGBA", 4, "4:4:4")],
)  # fmt: skip
def test_png(mode, num_components, subsampling):
    data = encode(mode, (300, 7), "PNG")
    assert probe(data) == ImageInfo("png", 300, 7, num_components, subsampling, False, 1)


@pytest.mark.parametrize("size", [(1, 1), (300, 7), (16383, 2)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("is_lossless", [False, True])
def test_webp(size, mode, is_lossless):
    info = probe(encode(mode, size, "WEBP", lossless=is_lossless))
    assert (info.format, info.width, info.height) == ("webp", *size)
    assert info.subsampling == ("4:4:4" if is_lossless else "4:2:0")


def test_webp_with_alpha():
    picture = Image.new("RGBA", (40, 30), (1, 2, 3, 100))
    for is_lossless in (False, True):
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", lossless=is_lossless)
        assert probe(buffer.getvalue()).num_components == 4


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("orientation", range(10))
def test_orientation(format, endian, orientation):
    exif = Image.Exif()
    exif.endian = endian
    exif[0x010F] = "a maker before the orientation"
    exif[0x0112] = orientation
    data = encode("RGB", (9, 5), format, exif=exif.tobytes())
    assert probe(data).exif_orientation == (orientation if 1 <= orientation <= 8 else 1)


def jpeg(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments)


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def frame(marker: int = 0xC0, factors: tuple[int, ...] = (0x22, 0x11, 0x11)) -> bytes:
    components = b"".join(bytes([i, factor, 0]) for i, factor in enumerate(factors))
    return segment(marker, struct.pack(">BHHB", 8, 5, 9, len(factors)) + components)


EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


@pytest.mark.parametrize("cut", range(len(EXIF) - 5))
def test_damaged_exif_is_orientation_1(cut):
    """Cut before the entry is complete; the image itself stays good."""
    info = probe(jpeg(segment(0xE1, EXIF[:cut]), frame()))
    assert (info.width, info.exif_orientation) == (9, 6 if cut >= len(EXIF) - 4 else 1)


def test_hostile_exif_offsets():
    for offset in (0, 7, 0x7FFFFFFF, 0xFFFFFFFF):
        exif = EXIF[:10] + struct.pack(">I", offset) + EXIF[14:]
        assert probe(jpeg(segment(0xE1, exif), frame())).exif_orientation == 1
    many = EXIF[:14] + b"\xff\xff" + EXIF[16:]  # 65535 entries, of which one is there
    assert probe(jpeg(segment(0xE1, many), frame())).exif_orientation == 6


@pytest.mark.parametrize(
    ("factors", "subsampling"),
    [((0x21, 0x11, 0x11), "4:2:2"), ((0x12, 0x11, 0x11), "4:4:0"), ((0x41, 0x11, 0x11), "4:1:1"),
     ((0x42, 0x11, 0x11), "4:1:0"), ((0x22, 0x22, 0x22), "4:4:4"), ((0x22, 0x12, 0x12), "4:2:2"),
     ((0x22, 0x21, 0x12), "other"), ((0x11, 0x22, 0x22), "other"), ((0x32, 0x22, 0x22), "other"),
     ((0x22,), "none"), ((0x22, 0x11), "other"), ((0x22, 0x11, 0x11, 0x22), "4:2:0"),
     ((0x22, 0x11, 0x11, 0x11), "other")],
)  # fmt: skip
def test_sampling_factors(factors, subsampling):
    info = probe(jpeg(frame(factors=factors)))
    assert (info.subsampling, info.num_components) == (subsampling, len(factors))


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC9, 0xCA, 0xCE, 0xCF])
def test_frame_kinds(marker):
    assert probe(jpeg(frame(marker))).is_progressive == (marker in (0xC2, 0xC6, 0xCA, 0xCE))


def test_fill_bytes_lone_markers_and_stray_bytes():
    odd = b"\xff\xff\xff" + segment(0xFE, b"note") + b"\xff\x01\xff\xd0stray" + b"\xff" * 9
    assert probe(jpeg(odd, frame(), frame(factors=(0x11,)))).num_components == 3  # first one wins


@pytest.mark.parametrize(
    ("data", "fault", "offset"),
    [
        (b"", CorruptImage, 0),
        (b"GIF89a", CorruptImage, 6),
        (b"\xff", UnsupportedImage, 0),
        (b"\xff\xd8", CorruptImage, 2),
        (jpeg(b"\xff\xd9"), CorruptImage, 2),
        (jpeg(b"\xff\xda\0\x02"), CorruptImage, 2),
        (jpeg(b"\xff\xd8"), CorruptImage, 2),
        (jpeg(b"\xff\xe0\0\x01"), CorruptImage, 2),
        (jpeg(b"\xff\xe0\0\x09four"), CorruptImage, 2),
        (jpeg(segment(0xC0, b"12345")), CorruptImage, 2),
        (jpeg(segment(0xC0, b"\x08\0\x05\0\x09\x03" + b"0" * 8)), CorruptImage, 2),
        (jpeg(segment(0xC0, b"\x08\0\x05\0\x09\0")), CorruptImage, 2),
        (jpeg(segment(0xC0, b"\x08\0\x05\0\0\x01\0\x11\0")), CorruptImage, 2),
        (jpeg(segment(0xC0, b"\x08\0\0\0\x09\x01\0\x11\0")), UnsupportedImage, 2),
        (jpeg(frame(factors=(0x51,))), CorruptImage, 2),
        (jpeg(frame(factors=(0x10,))), CorruptImage, 2),
    ],
)
def test_refusals(data, fault, offset):
    with pytest.raises(fault) as caught:
        probe(data)
    assert caught.value.byte_offset == offset


def png(header: bytes, size: int = 13) -> bytes:
    chunk = b"IHDR" + header
    checksum = struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", size) + chunk + checksum


@pytest.mark.parametrize(
    "data",
    [
        png(struct.pack(">IIBBBBB", 0, 1, 8, 2, 0, 0, 0)),
        png(struct.pack(">IIBBBBB", 1, 1 << 31, 8, 2, 0, 0, 0)),
        png(struct.pack(">IIBBBBB", 1, 1, 4, 2, 0, 0, 0)),
        png(struct.pack(">IIBBBBB", 1, 1, 16, 3, 0, 0, 0)),
        png(struct.pack(">IIBBBBB", 1, 1, 8, 5, 0, 0, 0)),
        png(struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0), size=12),
        png(struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))[:-1],
        png(struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))[:-1] + b"x",
    ],
)
def test_bad_png(data):
    with pytest.raises(CorruptImage):
        probe(data)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": EXIF[6:]}])
def test_every_prefix_is_refused_or_read_rightly(options):
    for format in ("JPEG", "PNG", "WEBP"):
        data = encode("RGB", (300, 200), format, **options)
        num_good = 0
        for length in range(len(data)):
            try:
                info = probe(data[:length])
            except FastpassError:
                continue
            num_good += 1
            assert (info.width, info.height) == (300, 200)
        assert num_good > 0
        with pytest.raises(FastpassError):
            probe(data[:20])


def test_buffers():
    data = encode("RGB", (300, 200), "JPEG")
    for view in (bytearray(data), memoryview(data)):
        assert probe(view).width == 300
    with pytest.raises(ValueError, match="contiguous"):
        probe(memoryview(data)[::2])


@pytest.mark.needs_shared
def test_hostile_jpegs_have_the_size_that_pillow_says(shared_data):
    root = shared_data / "jpeg_hostile"
    num_compared = 0
    with (root / "manifest.csv").open() as manifest, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row in csv.DictReader(manifest):
            data = (root / row["file"]).read_bytes()
            try:
                info = probe(data)
            except FastpassError:
                info = None
            try:
                with Image.open(io.BytesIO(data)) as picture:
                    size, orientation = picture.size, picture.getexif().get(0x0112, 1)
            except Exception:
                continue  # Pillow has no opinion; not crashing is enough
            if info is None:  # we may refuse what nobody decodes, and nothing else
                assert row["class"] == "rejected" or size[1] == 0, row["file"]
                continue
            num_compared += 1
            assert (info.width, info.height) == size, row["file"]
            assert info.is_progressive == (row["sof"] in ("SOF2", "SOF6", "SOF10", "SOF14"))
            assert info.exif_orientation == orientation, row["file"]
    assert num_compared > 400


@pytest.mark.needs_shared
def test_photos_of_all_formats_have_the_size_that_pillow_says(shared_data):
    seen = set()
    for folder in ("phash_imagededup", "phash_imagehash", "photos_highres", "photos_imagenet200"):
        for path in sorted((shared_data / folder).rglob("*")):
            if path.suffix.lower() not in (".jpg", ".jpeg", ".png", ".webp"):
                continue
            try:
                with Image.open(path) as picture:
                    size, format = picture.size, picture.format
            except Exception:
                continue
            if format not in ("JPEG", "MPO", "PNG", "WEBP"):
                continue
            info = probe(path.read_bytes())
            assert (info.width, info.height) == size, path
            seen.add(info.format)
    assert seen >= {"jpeg", "png"}
