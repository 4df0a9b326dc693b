"""The JPEG decoders of this build, and Pillow as the witness for all of them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

import fastpass as fp

JPEG_DECODERS = [
    backend.name
    for backend in fp.backends()
    if backend.name in ("cpu", "turbo") and backend.stage == "decode" and backend.available
]


def pillow_pixels(data: bytes, scale_denominator: int = 1) -> np.ndarray:
    """RGB as Pillow makes it; scaled by its draft mode, which is libjpeg-turbo's scaling."""
    with Image.open(io.BytesIO(data)) as image:
        mode, (width, height) = image.mode, image.size
        if scale_denominator > 1:
            image.draft(mode, (width // scale_denominator, height // scale_denominator))
        return np.asarray(image.convert("RGB"))
