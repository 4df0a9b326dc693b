"""Sets of PDQ codes for the search benchmarks: real ones, mutated, among random ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

import fastpass as fp
from benchmarks.photos import list_photos, photo_folder

Codes = npt.NDArray[np.uint8]
# Shares of a set. The rest is random.
REAL_AND_MUTATED, EQUAL = 0.3, 0.05
MOST_FLIPS = 60


def photo_codes(photos: Path | None) -> Codes:
    """The codes of real photos, PDQ quality 50 or more, and of their dihedrals."""
    with tempfile.TemporaryDirectory() as made:
        files = [path.read_bytes() for path in list_photos(photo_folder(photos, Path(made)))]
    kinds = ["pdq", "pdq:rotate90", "pdq:rotate180", "pdq:rotate270", "pdq:flip_x", "pdq:flip_y"]
    found = fp.hash_images(files, kinds)
    return np.concatenate([found.codes[kind][found.quality >= 50] for kind in kinds])


def make_codes(number: int, real: Codes, seed: int = 0) -> Codes:
    """uint8 [number, 32]: 30 % real codes with 0 to 60 random bits flipped, 5 % equal to one of
    these, the rest random; shuffled."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (number, 32), dtype=np.uint8)
    num_real, num_equal = int(number * REAL_AND_MUTATED), int(number * EQUAL)
    # Families of about a dozen, each with its own random mask on a real code.
    num_families = max(1, num_real // 12)
    families = real[rng.integers(0, len(real), num_families)].copy()
    families ^= _random_flips(rng, num_families, 128)
    codes[:num_real] = families[rng.integers(0, num_families, num_real)]
    codes[:num_real] ^= _random_flips(rng, num_real, MOST_FLIPS)
    codes[num_real : num_real + num_equal] = codes[rng.integers(0, num_real, num_equal)]
    rng.shuffle(codes)
    return codes


def _random_flips(rng: np.random.Generator, number: int, most: int) -> Codes:
    """Masks of up to ``most`` random bits, a few less where a bit is drawn twice."""
    masks = np.zeros((number, 32), dtype=np.uint8)
    wanted = rng.integers(0, most + 1, number)
    rows = np.arange(number)
    for i in range(most):
        bits = rng.integers(0, 256, number)
        masks[rows, bits // 8] |= ((i < wanted) << (bits % 8)).astype(np.uint8)
    return masks
