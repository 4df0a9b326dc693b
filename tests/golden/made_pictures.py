"""The pictures behind the golden files: noise with the spectrum of photos, and soft shapes on it.

The bytes that an encoder makes depend on its version, so the tar itself is committed; this makes
it again only with ``make_golden.py --pictures``.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int, height: int, width: int) -> Image.Image:
    """RGB: 1/f noise per channel, mostly shared between channels, and three disks."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    frequency[0, 0] = 1.0
    layers = []
    for _ in range(4):
        spectrum = np.fft.fft2(rng.normal(size=(height, width))) / frequency**1.6
        layer = np.fft.ifft2(spectrum).real
        layers.append((layer - layer.mean()) / layer.std())
    pixels = np.stack([40 * layers[3] + 14 * layer + 120 for layer in layers[:3]], axis=-1)
    for _ in range(3):
        top, left, radius = [*rng.uniform(0, 0.8, 2).tolist(), rng.uniform(0.05, 0.25)]
        inside = 1 / (1 + np.exp((np.hypot(rows - top, columns - left) - radius) * 120))
        pixels += inside[..., None] * rng.uniform(-90, 90, 3)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def pictures() -> dict[str, bytes]:
    """Key with extension -> encoded image; every kind that a recipe can meet."""
    first = picture(1, 150, 200)
    made = {
        "a420.jpg": _encoded(first, quality=60),
        "b444.jpg": _encoded(picture(2, 160, 140), quality=70, subsampling=0),
        "c422.jpg": _encoded(picture(3, 131, 173), quality=60, subsampling=1),
        "d_gray.jpg": _encoded(picture(4, 140, 140).convert("L"), quality=60),
        "e_progressive.jpg": _encoded(picture(5, 150, 130), quality=60, progressive=True),
        "f_restarts.jpg": _encoded(picture(6, 140, 150), quality=60, restart_marker_blocks=7),
        "g_large.jpg": _encoded(picture(7, 700, 900), quality=12),
        "h_png.png": _encoded(picture(8, 40, 44), "PNG"),
        "i_webp.webp": _encoded(picture(9, 120, 160), "WEBP", quality=50),
        "j_smaller_copy_of_a.jpg": _encoded(first.resize((160, 120)), quality=50),
    }
    made["k_exact_copy_of_b.jpg"] = made["b444.jpg"]
    made["l_mirrored_copy_of_a.jpg"] = _encoded(
        first.transpose(Image.Transpose.FLIP_LEFT_RIGHT), quality=55
    )
    return made


def write_tar(path: Path) -> None:
    """The pictures as a WebDataset tar, labels 0 to 2."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for number, (name, data) in enumerate(pictures().items()):
            members = {name: data, f"{name.partition('.')[0]}.cls": str(number % 3).encode()}
            for member, content in members.items():
                header = tarfile.TarInfo(member)
                header.size = len(content)
                tar.addfile(header, io.BytesIO(content))
