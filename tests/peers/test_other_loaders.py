"""The loaders we compare with really run here, and see the same pictures as we do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.pictures import image_folder

import fastpass as fp


@pytest.fixture
def pack(tmp_path: Path) -> fp.Pack:
    return fp.Pack(image_folder(tmp_path / "pictures"))


class _DecodedSamples:
    """An indexed dataset of (pixels, label), as FFCV's writer wants it."""

    def __init__(self, pack: fp.Pack) -> None:
        self._pack = pack

    def __len__(self) -> int:
        return len(self._pack)

    def __getitem__(self, position: int) -> tuple[np.ndarray, int]:
        sample = self._pack[position]
        assert sample.label is not None
        return fp.decode_jpeg(sample.data), sample.label


def test_ffcv_stores_and_returns_our_pixels(pack: fp.Pack, tmp_path: Path) -> None:
    from ffcv.fields import IntField, RGBImageField
    from ffcv.fields.decoders import CenterCropRGBImageDecoder, IntDecoder
    from ffcv.loader import Loader, OrderOption
    from ffcv.writer import DatasetWriter

    beton = str(tmp_path / "pictures.beton")
    fields = {"image": RGBImageField(write_mode="raw"), "label": IntField()}
    DatasetWriter(beton, fields, num_workers=1).from_indexed_dataset(_DecodedSamples(pack))
    loader = Loader(
        beton,
        batch_size=8,
        num_workers=1,
        order=OrderOption.SEQUENTIAL,
        pipelines={
            "image": [CenterCropRGBImageDecoder((40, 40), ratio=1.0)],
            "label": [IntDecoder()],
        },
    )
    position = 0
    for images, labels in loader:
        for image, label in zip(np.asarray(images), np.asarray(labels), strict=True):
            sample = pack[position]
            assert int(label[0]) == sample.label
            # FFCV crops a square of the shorter side and resizes by area: the means agree.
            pixels = fp.decode_jpeg(sample.data)
            height, width = pixels.shape[:2]
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            expected = pixels[top : top + side, left : left + side].mean(axis=(0, 1))
            assert np.abs(image.mean(axis=(0, 1)) - expected).max() < 3
            position += 1
    assert position == len(pack)


def test_dali_decodes_our_pixels(pack: fp.Pack) -> None:
    from nvidia.dali import fn, pipeline_def, types

    @pipeline_def(batch_size=len(pack), num_threads=1, device_id=None)
    def pixels():  # type: ignore[no-untyped-def]
        encoded = fn.external_source(
            source=lambda: [np.frombuffer(sample.data, np.uint8) for sample in pack], cycle=None
        )
        return fn.decoders.image(
            encoded, device="cpu", output_type=types.RGB, jpeg_fancy_upsampling=True
        )

    pipeline = pixels()
    pipeline.build()
    (decoded,) = pipeline.run()
    for position in range(len(pack)):
        ours = fp.decode_jpeg(pack[position].data).astype(int)
        theirs = np.asarray(decoded.at(position)).astype(int)
        assert np.abs(ours - theirs).mean() < 1.0
