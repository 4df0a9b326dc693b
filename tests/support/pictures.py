"""Small JPEG folders and tars for tests: deterministic, varied, cheap."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image


def jpeg(seed: int, height: int = 48, width: int = 64, quality: int = 90) -> bytes:
    """A JPEG of colored waves and noise; every seed gives another picture."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    phase = rng.uniform(0, 6, 3)
    pace = rng.uniform(0.05, 0.3, 3)
    waves = 100 + 80 * np.sin(rows[..., None] * pace + columns[..., None] * pace[::-1] + phase)
    noisy = np.clip(waves + rng.normal(0, 10, waves.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def image_folder(root: Path, *, num_classes: int = 3, per_class: int = 8) -> Path:
    """``root/class_<c>/picture_<i>.jpg``, all different, of various sizes."""
    for label in range(num_classes):
        folder = root / f"class_{label}"
        folder.mkdir(parents=True)
        for index in range(per_class):
            seed = label * 1000 + index
            data = jpeg(seed, height=40 + seed % 17, width=50 + seed % 13)
            (folder / f"picture_{index}.jpg").write_bytes(data)
    return root
