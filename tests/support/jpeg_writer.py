"""A small JPEG encoder for the files that Pillow cannot write: odd sampling factors, restarts,
separate scans, 16-bit tables, any color markers. ITU-T T.81, Huffman tables of its annex K."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Block = np.ndarray  # int [64], zigzag order

# Annex K.3: number of codes of 1..16 bits, then the values; luminance and chrominance.
_DC = (
    (bytes.fromhex("00010501010101010100000000000000"), bytes(range(12))),
    (bytes.fromhex("00030101010101010101010000000000"), bytes(range(12))),
)
_AC = (
    (
        bytes.fromhex("0002010303020403050504040000017d"),
        bytes.fromhex(
            "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a16"
            "1718191a25262728292a3435363738393a434445464748494a535455565758595a63646566676869"
            "6a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6"
            "b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8"
            "f9fa"
        ),
    ),
    (
        bytes.fromhex("00020102040403040705040400010277"),
        bytes.fromhex(
            "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434"
            "e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768"
            "696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4"
            "b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8"
            "f9fa"
        ),
    ),
)


@dataclass(frozen=True)
class JpegSpec:
    """What to write. factors: (horizontal, vertical) sampling of each of 1 to 4 components."""

    height: int
    width: int
    factors: tuple[tuple[int, int], ...] = ((1, 1), (1, 1), (1, 1))
    step: int = 6  # of every coefficient; above 255: a 16-bit table
    restart_interval: int = 0  # MCUs
    is_interleaved: bool = True
    component_ids: tuple[int, ...] = (1, 2, 3, 4)
    adobe_transform: int | None = None  # 0: RGB or CMYK, 1: YCbCr, 2: YCCK
    num_fill_bytes: int = 0  # in front of every marker
    seed: int = 0


def _zigzag() -> list[int]:
    cells = [(row, column) for row in range(8) for column in range(8)]
    path = sorted(cells, key=lambda c: (sum(c), c[0] if sum(c) % 2 else c[1]))
    return [row * 8 + column for row, column in path]


ZIGZAG = _zigzag()
_DCT = np.array(
    [
        [
            (np.sqrt(1 / 8) if k == 0 else 0.5) * np.cos((2 * n + 1) * k * np.pi / 16)
            for n in range(8)
        ]
        for k in range(8)
    ]
)


def _codes(table: tuple[bytes, bytes]) -> dict[int, tuple[int, int]]:
    """symbol -> (code, number of bits), annex C."""
    counts, values = table
    codes, code, position = {}, 0, 0
    for bits, count in enumerate(counts, start=1):
        for _ in range(count):
            codes[values[position]] = (code, bits)
            code, position = code + 1, position + 1
        code <<= 1
    return codes


_DC_CODES = [_codes(table) for table in _DC]
_AC_CODES = [_codes(table) for table in _AC]


class _Bits:
    """Bits to bytes, with a zero stuffed behind every 0xFF."""

    def __init__(self) -> None:
        self.bits: list[str] = []

    def put(self, value: int, count: int) -> None:
        if count:
            self.bits.append(format(value, f"0{count}b"))

    def flush(self) -> bytes:
        text = "".join(self.bits)
        text += "1" * (-len(text) % 8)
        self.bits = []
        data = int(text, 2).to_bytes(len(text) // 8, "big") if text else b""
        return data.replace(b"\xff", b"\xff\x00")


def _put_value(bits: _Bits, value: int) -> None:
    size = abs(value).bit_length()
    bits.put(value if value > 0 else value + (1 << size) - 1, size)


def _put_block(bits: _Bits, block: Block, previous_dc: int, table: int) -> None:
    difference = int(block[0]) - previous_dc
    bits.put(*_DC_CODES[table][abs(difference).bit_length()])
    _put_value(bits, difference)
    run = 0
    last = int(np.flatnonzero(block)[-1]) if block.any() else 0
    for value in block[1 : last + 1].tolist():
        if value == 0:
            run += 1
            continue
        while run > 15:
            bits.put(*_AC_CODES[table][0xF0])
            run -= 16
        bits.put(*_AC_CODES[table][run << 4 | abs(value).bit_length()])
        _put_value(bits, value)
        run = 0
    if last < 63:
        bits.put(*_AC_CODES[table][0])


def _picture(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """One component's samples: an edge, a wave and noise, over the whole range."""
    rows, columns = np.mgrid[0:height, 0:width]
    wave = 80 * np.sin(rows * rng.uniform(0.05, 0.8) + columns * rng.uniform(0.05, 0.8))
    edge = 90 * (rows * rng.uniform(-1, 1) + columns * rng.uniform(-1, 1) > rng.uniform(-9, 20))
    return np.clip(wave + edge + rng.normal(90, 25, wave.shape), 0, 255)


def _blocks(samples: np.ndarray, step: int) -> np.ndarray:
    """int [rows, columns, 64] in zigzag order, of samples whose sides are multiples of 8."""
    height, width = samples.shape
    tiles = (samples - 128).reshape(height // 8, 8, width // 8, 8).transpose(0, 2, 1, 3)
    coefficients = np.rint(_DCT @ tiles @ _DCT.T / step).astype(int)
    flat = coefficients.reshape(height // 8, width // 8, 64)[:, :, ZIGZAG]
    return np.clip(flat, -1023, 1023)


def _ceil_divide(a: int, b: int) -> int:
    return (a + b - 1) // b


def _mcus(
    spec: JpegSpec, planes: list[np.ndarray], scan: list[int]
) -> Iterator[list[tuple[int, Block]]]:
    """The (component, block) pairs of every MCU of a scan."""
    max_h, max_v = (max(factor[i] for factor in spec.factors) for i in (0, 1))
    if len(scan) == 1:
        h, v = spec.factors[scan[0]]
        rows = _ceil_divide(_ceil_divide(spec.height * v, max_v), 8)
        columns = _ceil_divide(_ceil_divide(spec.width * h, max_h), 8)
        for row in range(rows):
            for column in range(columns):
                yield [(scan[0], planes[scan[0]][row, column])]
        return
    for row in range(_ceil_divide(spec.height, 8 * max_v)):
        for column in range(_ceil_divide(spec.width, 8 * max_h)):
            yield [
                (c, planes[c][row * v + y, column * h + x])
                for c in scan
                for h, v in [spec.factors[c]]
                for y in range(v)
                for x in range(h)
            ]


def _scan_data(spec: JpegSpec, planes: list[np.ndarray], scan: list[int]) -> bytes:
    bits, data = _Bits(), b""
    previous = [0] * len(spec.factors)
    for index, mcu in enumerate(_mcus(spec, planes, scan)):
        if spec.restart_interval and index and index % spec.restart_interval == 0:
            marker = 0xD0 + (index // spec.restart_interval - 1) % 8
            data += bits.flush() + b"\xff" * (1 + spec.num_fill_bytes) + bytes([marker])
            previous = [0] * len(spec.factors)
        for component, block in mcu:
            _put_block(bits, block, previous[component], min(component, 1))
            previous[component] = int(block[0])
    return data + bits.flush()


def write_jpeg(spec: JpegSpec) -> bytes:
    """A valid sequential JPEG as ``spec`` says, of a picture that ``spec.seed`` draws."""
    count = len(spec.factors)
    max_h, max_v = (max(factor[i] for factor in spec.factors) for i in (0, 1))
    mcu_rows = _ceil_divide(spec.height, 8 * max_v)
    mcu_columns = _ceil_divide(spec.width, 8 * max_h)
    rng = np.random.default_rng(spec.seed)
    planes = [
        _blocks(_picture(mcu_rows * v * 8, mcu_columns * h * 8, rng), spec.step)
        for h, v in spec.factors
    ]
    fill = b"\xff" * spec.num_fill_bytes

    def segment(marker: int, body: bytes) -> bytes:
        return fill + bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body

    is_wide = spec.step > 255
    out = b"\xff\xd8"
    if spec.adobe_transform is not None:
        out += segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([spec.adobe_transform]))
    step = spec.step.to_bytes(2 if is_wide else 1, "big")
    out += segment(0xDB, bytes([0x10 if is_wide else 0]) + step * 64)
    out += segment(
        0xC1 if is_wide else 0xC0,
        b"\x08" + spec.height.to_bytes(2, "big") + spec.width.to_bytes(2, "big") + bytes([count])
        + b"".join(
            bytes([spec.component_ids[i], h << 4 | v, 0]) for i, (h, v) in enumerate(spec.factors)
        ),
    )  # fmt: skip
    for kind, tables in ((0x00, _DC), (0x10, _AC)):
        for number, (counts, values) in enumerate(tables):
            out += segment(0xC4, bytes([kind | number]) + counts + values)
    if spec.restart_interval:
        out += segment(0xDD, spec.restart_interval.to_bytes(2, "big"))
    scans = [list(range(count))] if spec.is_interleaved else [[i] for i in range(count)]
    for scan in scans:
        tables = b"".join(bytes([spec.component_ids[i], 0x11 * min(i, 1)]) for i in scan)
        out += segment(0xDA, bytes([len(scan)]) + tables + b"\x00\x3f\x00")
        out += _scan_data(spec, planes, scan)
    return out + fill + b"\xff\xd9"
