"""Small tars and images, made by tarfile and Pillow."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

WriteTar = Callable[..., Path]
MakeImage = Callable[..., bytes]


@pytest.fixture
def image() -> MakeImage:
    """image(width, height, format="JPEG", **options) -> encoded bytes."""

    def make(width: int = 8, height: int = 8, format: str = "JPEG", **options: object) -> bytes:
        buffer = io.BytesIO()
        picture = Image.new("RGB", (width, height), (width % 256, height % 256, 7))
        picture.save(buffer, format, **options)
        return buffer.getvalue()

    return make


@pytest.fixture
def write_tar(tmp_path: Path) -> WriteTar:
    """write_tar(members, name="x.tar", format=tarfile.PAX_FORMAT) -> path of the tar."""

    def write(
        members: Mapping[str, bytes], name: str = "x.tar", format: int = tarfile.PAX_FORMAT
    ) -> Path:
        path = tmp_path / name
        with tarfile.open(path, "w", format=format, errors="surrogateescape") as tar:
            for member, data in members.items():
                header = tarfile.TarInfo(member)
                header.size = len(data)
                tar.addfile(header, io.BytesIO(data))
        return path

    return write
