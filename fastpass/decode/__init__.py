"""decode: bytes -> pixels. JPEG natively, other formats through Pillow."""

from fastpass.decode.image import decode_image
from fastpass.decode.jpeg import decode_jpeg
from fastpass.decode.probe import probe
from fastpass.decode.seek_index import build_seek_index

__all__ = ["build_seek_index", "decode_image", "decode_jpeg", "probe"]
