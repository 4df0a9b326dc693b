"""decode: bytes -> pixels. JPEG natively, PNG and WebP through Pillow."""

from fastpass.decode.image import decode_image
from fastpass.decode.jpeg import decode_jpeg
from fastpass.decode.probe import probe

__all__ = ["decode_image", "decode_jpeg", "probe"]
