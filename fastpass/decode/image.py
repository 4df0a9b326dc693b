"""Any image to pixels: JPEG natively, all other formats through Pillow (a slow path)."""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from fastpass._native import core
from fastpass.common.checks import require_bytes, require_choice, require_integer
from fastpass.decode.jpeg import Pixels, decode_jpeg
from fastpass.decode.probe import probe
from fastpass.decode.settings import MAX_PIXELS, OnDamage, Orientation, check_orientation
from fastpass.errors import CorruptImage, ImageTooLarge, OutOfMemory, UnsupportedImage

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Of ImageInfo.format; the others have the same name in capitals.
_PILLOW_NAMES = {"heic": "HEIF"}


def decode_image(
    data: Buffer,
    *,
    on_damage: OnDamage = "raise",
    orientation: Orientation = "ignore",
    max_pixels: int = core.DEFAULT_MAX_PIXELS,
    max_scan_blocks: int = core.DEFAULT_MAX_SCAN_BLOCKS,
) -> Pixels:
    """Decode one image to uint8 ``[height, width, 3]`` RGB, whatever its file is called.

    ``data``: a JPEG, PNG, WebP, BMP, GIF, TIFF, AVIF, or HEIC (where pillow-heif is installed).
    ``orientation``: "apply" turns the pixels as EXIF asks; TIFF and HEIC files are always turned,
    by Pillow and its plug-in. ``max_pixels``: width x height above which an image is refused before
    memory is taken. ``on_damage``, ``max_scan_blocks``: of JPEGs, as for ``decode_jpeg``.

    JPEGs take the native path. Everything else goes through Pillow and holds the GIL for part of
    the time: expect a fraction of the speed. The pixels are those of Pillow's ``convert("RGB")``:
    transparency is dropped and palettes are expanded. 16-bit samples keep their high byte. Of an
    animation, and of a file with several pages, the first frame is taken.

    Raises:
        CorruptImage, UnsupportedImage, ImageTooLarge, TooManyScans, OutOfMemory, BadArgument.
    """
    encoded = require_bytes("data", data)
    require_choice("on_damage", on_damage, ("raise", "fill"))
    check_orientation(orientation)
    max_pixels = require_integer("max_pixels", max_pixels, 1, MAX_PIXELS)
    max_scan_blocks = require_integer("max_scan_blocks", max_scan_blocks, 1, MAX_PIXELS)
    if bytes(encoded[:2]) == b"\xff\xd8":
        return decode_jpeg(
            encoded,
            on_damage=on_damage,
            orientation=orientation,
            max_pixels=max_pixels,
            max_scan_blocks=max_scan_blocks,
        )
    info = probe(encoded)
    if info.width * info.height > max_pixels:
        raise ImageTooLarge(
            f"the {info.format.upper()} declares {info.width} x {info.height} pixels, "
            f"the budget is {max_pixels} (raise max_pixels if the file is genuine)"
        )
    pixels = _decode_with_pillow(encoded, info.format)
    return _turned(pixels, info.exif_orientation) if orientation == "apply" else pixels


def _decode_with_pillow(encoded: memoryview, format_name: str) -> Pixels:
    from PIL import Image, UnidentifiedImageError

    name = format_name.upper()
    _require_plugin(format_name)
    try:
        with Image.open(
            io.BytesIO(encoded), formats=[_PILLOW_NAMES.get(format_name, name)]
        ) as image:
            image.load()
            return _to_rgb(image, name)
    except UnsupportedImage:
        raise
    except UnidentifiedImageError as error:  # its text is an address in memory
        reason = "it does not recognize the file"
        raise CorruptImage(f"Pillow cannot decode this {name}: {reason}") from error
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"Pillow refuses this {name}: {error}") from error
    except MemoryError as error:
        raise OutOfMemory(f"no memory to decode this {name}") from error
    # Its plug-ins let all kinds of errors of Python escape for bytes that they did not expect.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CorruptImage(f"Pillow cannot decode this {name}: {reason}") from error


def _to_rgb(image: Any, name: str) -> Pixels:
    is_16_bit = image.mode.startswith("I;16") or (image.mode == "I" and name == "PNG")
    if is_16_bit:
        high_byte = (np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8)
        return np.repeat(high_byte[:, :, None], 3, axis=2)
    if image.mode in ("I", "F"):
        kind = "32-bit integers" if image.mode == "I" else "floating-point numbers"
        raise UnsupportedImage(
            f"a {name} whose samples are {kind}: nothing says which of them is white; convert it"
        )
    if image.mode == "LAB":
        raise UnsupportedImage(f"a {name} in CIELAB colors, which Pillow does not turn into RGB")
    return np.array(image.convert("RGB"))


def _require_plugin(format_name: str) -> None:
    from PIL import features

    if format_name == "heic":
        if importlib.util.find_spec("pillow_heif") is None:
            raise UnsupportedImage("a HEIC image: reading it needs `pip install pillow-heif`")
        import pillow_heif

        pillow_heif.register_heif_opener()
    if format_name in ("webp", "avif") and not features.check(format_name):
        raise UnsupportedImage(
            f"a {format_name.upper()} image: the Pillow that is installed was built without it"
        )


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """As csrc/common/orientation.h does it."""
    rows = -1 if orientation in (3, 4, 6, 7) else 1
    columns = -1 if orientation in (2, 3, 7, 8) else 1
    turned = pixels[::rows, ::columns]
    if orientation >= 5:
        turned = turned.transpose(1, 0, 2)
    return np.ascontiguousarray(turned)
