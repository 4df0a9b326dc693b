"""Every decoder on generated files: Pillow's pixels, and a crop is a slice of the whole image."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from support.jpeg_decoders import JPEG_DECODERS, pillow_pixels
from support.jpeg_writer import JpegSpec, write_jpeg

import fastpass as fp

DIVISORS = {1: (1,), 2: (1, 2), 3: (1, 3), 4: (1, 2, 4)}
SCALES = st.sampled_from((1, 2, 4, 8))
generated = settings(
    deadline=None, max_examples=300, derandomize=True, suppress_health_check=list(HealthCheck)
)
every_decoder = pytest.mark.parametrize("backend", JPEG_DECODERS)


@st.composite
def specs(draw: st.DrawFn, whole_ratios: bool = True) -> JpegSpec:
    """Sequential files of all kinds; ``whole_ratios``: of sampling factors, as decoders want."""
    biggest = st.sampled_from((1, 2, 2, 3, 4))
    choices = [DIVISORS[draw(biggest)] if whole_ratios else (1, 2, 3, 4) for _ in range(2)]
    factor = st.tuples(*(st.sampled_from(choice) for choice in choices))
    factors = draw(st.sampled_from((1, 3, 3, 4)).flatmap(lambda n: st.tuples(*[factor] * n)))
    fits_one_scan = sum(h * v for h, v in factors) <= 10
    transforms = {1: (None,), 3: (None, 0, 1), 4: (None, 0, 2)}[len(factors)]
    return JpegSpec(
        height=draw(st.integers(1, 80)),
        width=draw(st.integers(1, 80)),
        factors=factors,
        step=draw(st.sampled_from((1, 5, 20, 90, 300))),
        restart_interval=draw(st.sampled_from((0, 0, 1, 2, 7))),
        is_interleaved=fits_one_scan and draw(st.booleans()),
        component_ids=draw(st.sampled_from(((1, 2, 3, 4), (82, 71, 66, 65), (0, 1, 2, 3)))),
        adobe_transform=draw(st.sampled_from(transforms)),
        num_fill_bytes=draw(st.sampled_from((0, 0, 1, 5))),
        seed=draw(st.integers(0, 1000)),
    )


@st.composite
def pillow_files(draw: st.DrawFn) -> bytes:
    """What Pillow encodes: progressive ones among them."""
    height, width = draw(st.integers(1, 80)), draw(st.integers(1, 80))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    small = rng.integers(0, 256, (1 + height // 6, 1 + width // 6, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.convert(draw(st.sampled_from(("RGB", "L", "CMYK")))).save(
        buffer,
        "JPEG",
        quality=draw(st.sampled_from((3, 50, 75, 90, 100))),
        subsampling=draw(st.sampled_from((0, 1, 2))),
        progressive=draw(st.booleans()),
        optimize=draw(st.booleans()),
        restart_marker_blocks=draw(st.sampled_from((0, 0, 3))),
    )
    return buffer.getvalue()


jpegs = st.one_of(specs().map(write_jpeg), pillow_files())


@every_decoder
@generated
@given(data=jpegs, scale=SCALES)
@example(data=write_jpeg(JpegSpec(17, 19, ((2, 2), (1, 1), (1, 1)))), scale=1)
@example(data=write_jpeg(JpegSpec(65, 33, ((4, 1), (1, 1), (1, 1)))), scale=1)
@example(data=write_jpeg(JpegSpec(40, 40, ((1, 2), (1, 1), (1, 1)), step=1)), scale=2)
@example(data=write_jpeg(JpegSpec(40, 50, ((2, 2), (1, 1), (1, 1), (2, 2)))), scale=8)
def test_equals_pillow(backend: str, data: bytes, scale: int) -> None:
    info = fp.probe(data)
    assume(min(info.height, info.width) >= scale)  # Pillow scales no side to nothing
    expected = pillow_pixels(data, scale)
    assert expected.shape[:2] == (-(-info.height // scale), -(-info.width // scale))
    pixels = fp.decode_jpeg(data, backend=backend, scale_denominator=scale)
    np.testing.assert_array_equal(pixels, expected)


@every_decoder
@generated
@given(data=jpegs, scale=SCALES, rng=st.randoms(use_true_random=False))
def test_a_crop_is_a_slice(backend: str, data: bytes, scale: int, rng: np.random.Generator) -> None:
    whole = fp.decode_jpeg(data, backend=backend, scale_denominator=scale)
    for _ in range(6):
        top, left = rng.randrange(whole.shape[0]), rng.randrange(whole.shape[1])
        height = rng.choice((1, 2, whole.shape[0] - top, rng.randint(1, whole.shape[0] - top)))
        width = rng.choice((1, 2, whole.shape[1] - left, rng.randint(1, whole.shape[1] - left)))
        box = fp.CropBox(
            top, left, min(height, whole.shape[0] - top), min(width, whole.shape[1] - left)
        )
        part = fp.decode_jpeg(data, backend=backend, scale_denominator=scale, crop=box)
        wanted = whole[box.top : box.top + box.height, box.left : box.left + box.width]
        np.testing.assert_array_equal(part, wanted, err_msg=str(box))


@every_decoder
@generated
@given(spec=specs(whole_ratios=False))
def test_sampling_ratios_are_known_or_refused_by_name(backend: str, spec: JpegSpec) -> None:
    """What libjpeg-turbo decodes is decoded; fractional ratios are an UnsupportedImage."""
    data = write_jpeg(spec)
    try:
        expected = pillow_pixels(data)
    except OSError:
        with pytest.raises(fp.UnsupportedImage):
            fp.decode_jpeg(data, backend=backend)
        return
    np.testing.assert_array_equal(fp.decode_jpeg(data, backend=backend), expected)


def _outcome(data: bytes, backend: str, on_damage: str) -> np.ndarray | fp.FastpassError:
    try:
        return fp.decode_jpeg(data, backend=backend, on_damage=on_damage, max_pixels=1 << 22)
    except fp.FastpassError as error:
        return error


@every_decoder
@generated
@given(
    data=jpegs,
    cut=st.floats(0.1, 1),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 7)), max_size=4),
)
def test_damage_is_refused_with_its_place_or_decoded(
    backend: str, data: bytes, cut: float, flips: list[tuple[float, int]]
) -> None:
    """A named fault, with an offset inside the file, or libjpeg-turbo's pixels."""
    damaged = bytearray(data[: round(cut * len(data))])
    for place, bit in flips:
        damaged[int(place * (len(damaged) - 1))] ^= 1 << bit
    for on_damage in ("raise", "fill"):
        outcome = _outcome(bytes(damaged), backend, on_damage)
        if isinstance(outcome, fp.CorruptImage):
            assert outcome.byte_offset is not None
            assert 0 <= outcome.byte_offset <= len(damaged)
        elif isinstance(outcome, fp.FastpassError):
            assert isinstance(outcome, fp.UnsupportedImage | fp.ImageTooLarge)
        else:
            reference = _outcome(bytes(damaged), "turbo", on_damage)
            if on_damage == "raise" and isinstance(reference, np.ndarray):
                np.testing.assert_array_equal(outcome, reference)
            assert outcome.shape[2] == 3


@every_decoder
def test_tables_are_forgotten_from_image_to_image(backend: str) -> None:
    """A file without its tables is refused, whatever the same decoder had read before."""
    whole = write_jpeg(JpegSpec(20, 20))
    start, end = whole.index(b"\xff\xdb"), whole.index(b"\xff\xc0")
    lacking = whole[:start] + whole[end:]
    with pytest.raises(fp.CorruptImage):
        fp.decode_jpeg(lacking, backend=backend)
    with pytest.raises(fp.CorruptImage, match="image 1 of 2"):
        fp.decode_jpeg([whole, lacking], backend=backend, threads=1)


@every_decoder
def test_the_pixel_budget_is_exact(backend: str) -> None:
    data = write_jpeg(JpegSpec(30, 40))
    assert fp.decode_jpeg(data, backend=backend, max_pixels=1200).shape == (30, 40, 3)
    with pytest.raises(fp.ImageTooLarge, match="1199"):
        fp.decode_jpeg(data, backend=backend, max_pixels=1199)
    with pytest.raises(fp.ImageTooLarge):  # of the file, not of the part wanted
        fp.decode_jpeg(
            data, backend=backend, max_pixels=1199, scale_denominator=8, crop=fp.CropBox(0, 0, 1, 1)
        )


@every_decoder
@pytest.mark.parametrize("restart_interval", [0, 2])
def test_fill_keeps_what_stands_in_front_of_the_damage(backend: str, restart_interval: int) -> None:
    spec = JpegSpec(96, 64, ((2, 2), (1, 1), (1, 1)), restart_interval=restart_interval)
    whole = write_jpeg(spec)
    cut = whole[: len(whole) * 2 // 3]
    expected = fp.decode_jpeg(whole, backend=backend)
    filled = fp.decode_jpeg(cut, backend=backend, on_damage="fill")
    assert filled.shape == expected.shape
    np.testing.assert_array_equal(filled[:30], expected[:30])
    assert not np.array_equal(filled, expected)
    np.testing.assert_array_equal(filled, fp.decode_jpeg(cut, backend="turbo", on_damage="fill"))


@pytest.mark.parametrize(("height", "width"), [(8, 65535), (65535, 8)])
def test_the_longest_sides(height: int, width: int) -> None:
    """libjpeg stops at 65,500: it judges the same data under a header that says so."""
    data = write_jpeg(JpegSpec(height=height, width=width, factors=((1, 1),), step=40))
    size = data.index(b"\xff\xc0") + 5
    shorter = bytearray(data)
    limits = [min(side, 65500) for side in (height, width)]
    shorter[size : size + 4] = b"".join(limit.to_bytes(2, "big") for limit in limits)
    expected = fp.decode_jpeg(bytes(shorter), backend="turbo")
    index = fp.build_seek_index(data)
    for backend in ("cpu", "auto"):
        whole = fp.decode_jpeg(data, backend=backend)
        assert whole.shape == (height, width, 3)
        np.testing.assert_array_equal(whole[: limits[0], : limits[1]], expected)
        crop = fp.CropBox(height - 8, width - 8, 8, 8)
        corner = fp.decode_jpeg(data, backend=backend, crop=crop, index=index)
        np.testing.assert_array_equal(corner, whole[-8:, -8:])
    with pytest.raises(fp.ImageTooLarge, match="65500"):
        fp.decode_jpeg(data, backend="turbo")
