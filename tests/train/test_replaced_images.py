"""A run goes on with its own images alone: one replaced by another of its size is noticed."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fastpass.errors import BadCheckpoint, BadPack, ConfigError
from fastpass.train.read_config import read_config
from fastpass.train.run import train

TINY = Path(__file__).with_name("tiny.toml")
NUM_BYTES = 4000  # of every file: what follows the end of the image is not looked at

pytestmark = pytest.mark.slow


def write_image(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    path.write_bytes(buffer.getvalue().ljust(NUM_BYTES, b"\0"))


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(8):
        write_image(folder / f"{number}.jpg", number)
    return folder


def run(images, output, *overrides, should_resume=False):
    fixed = ["train.epochs=2", "data.batch_size=4", "data.threads=1", "train.threads_per_rank=1",
             "augment.params={global_size = 16, local_size = 8, num_local_crops = 1}"]  # fmt: skip
    config = read_config(TINY, [*fixed, *overrides])
    return train(config, str(images), output, should_resume=should_resume)


def test_a_replaced_image_is_refused_and_a_copy_is_not(images, tmp_path):
    output = tmp_path / "run"
    assert run(images, output) is True
    for path in images.iterdir():
        os.utime(path, (1, 1))  # as a copy of the folder has it
    assert run(images, output, should_resume=True) is True
    copy = shutil.copytree(images, tmp_path / "copy")
    assert run(copy, output, should_resume=True) is True
    write_image(images / "5.jpg", seed=99)
    with pytest.raises(BadCheckpoint, match="trained on other images: .*images were edited since"):
        run(images, output, should_resume=True)


def test_too_few_images_are_said_in_keys_that_training_has(images, tmp_path):
    with pytest.raises(BadPack, match="holds 8 images, fewer than the 16 .*lower data.batch_size"):
        run(images, tmp_path / "run", "data.batch_size=16")


def test_a_view_that_no_patch_fits_is_refused_at_the_start(images, tmp_path):
    with pytest.raises(ConfigError, match="vit_tiny_patch16_224 does not work on .* 10 x 10"):
        run(images, tmp_path / "run", "augment.params.local_size=10")
