"""The views of one image, each with the numbers that were drawn for it."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any, Literal

from fastpass.decode.settings import OnDamage, Orientation
from fastpass.errors import BadPack, ReadFailed
from fastpass.pages import Picture, data_uri, jpeg_thumbnail, png_uri
from fastpass.types import ImageInfo

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def first_image(path: str | Path) -> bytes:
    """The encoded bytes of an image file, or of the first image in a tar shard."""
    file = Path(path)
    try:
        if file.suffix != ".tar":
            return file.read_bytes()
        with tarfile.open(file) as archive:
            for member in archive:
                if member.isfile() and member.name.lower().endswith(IMAGE_SUFFIXES):
                    data = archive.extractfile(member)
                    assert data is not None  # isfile() members always have data
                    return data.read()
    except tarfile.TarError as error:
        raise BadPack(f"{file} is not a readable tar: {error}") from error
    except OSError as error:
        raise ReadFailed(f"cannot read {file}: {error.strerror or error}") from error
    raise BadPack(f"{file} holds no image ({', '.join(IMAGE_SUFFIXES)})")


def draw_views(
    data: bytes,
    recipe: Any,
    *,
    seed: int = 0,
    mode: Literal["exact", "fast"] = "fast",
    orientation: Orientation = "ignore",
    on_damage: OnDamage = "raise",
) -> tuple[Picture, ...]:
    """One encoded image, then every view of ``recipe`` as the loader would render it."""
    from fastpass.augment import draw, render
    from fastpass.decode import probe

    info = probe(data)
    height, width = info.height, info.width
    if orientation == "apply" and info.exif_orientation >= 5:
        height, width = width, height
    params = draw(recipe, height, width, seed=seed)
    images = render(
        data, recipe, seed=seed, params=params, normalize=False, mode=mode,
        orientation=orientation, on_damage=on_damage,
    )  # fmt: skip
    source = _original(data, info, orientation, on_damage)
    original = Picture("image", source, (f"{width} x {height}",))
    views = [
        Picture(f"view {index}, {image.shape[1]} px", png_uri(image), caption(drawn))
        for index, (image, drawn) in enumerate(zip(images, params, strict=True))
    ]
    return (original, *views)


def _original(data: bytes, info: ImageInfo, orientation: Orientation, on_damage: OnDamage) -> str:
    """The image as its views are cut from it: a browser would turn the file by its EXIF block."""
    from fastpass.decode import decode_image

    if info.exif_orientation == 1:
        return data_uri(f"image/{info.format}", data)
    pixels = decode_image(data, orientation=orientation, on_damage=on_damage)
    return jpeg_thumbnail(pixels, max(pixels.shape))


def caption(params: Any) -> tuple[str, ...]:
    """The drawn numbers of one view in words; ``params`` has the fields of ViewParams."""
    lines = [f"crop {params.width} x {params.height} at ({params.left}, {params.top})"]
    if params.has_jitter:
        lines.append(
            f"brightness {params.brightness:.2f}, contrast {params.contrast:.2f}, "
            f"saturation {params.saturation:.2f}, hue {params.hue:+.2f}"
        )
    if params.blur_sigma > 0:
        lines.append(f"blur {params.blur_sigma:.2f} px")
    names = [("is_flipped", "flipped"), ("is_grayscale", "gray"), ("is_solarized", "solarized")]
    lines += [", ".join(word for field, word in names if getattr(params, field))]
    return tuple(line for line in lines if line)
