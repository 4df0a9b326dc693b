"""The decode benchmark: equal boxes and pixels for all, honest ratios."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.decode_work import WORKS, Work, draw_box, make_jobs, photo_sets
from benchmarks.native_peer import NativeJob, native_jobs
from benchmarks.timed_decoder import PythonLoop
from benchmarks.turbo_decode import TurboDecode, turbo_version
from support.pictures import jpeg
from torchvision.transforms import RandomResizedCrop

import fastpass as fp
from benchmarks import decode, native_decode
from fastpass.bench.peers.decode_peer import DecodeJob, Photo
from fastpass.bench.peers.decoders import FastpassDecode, PillowDecode, SimplejpegDecode

ROOT = Path(__file__).parents[2]


def _photo(seed: int, height: int = 150, width: int = 201) -> Photo:
    data = jpeg(seed, height, width)
    return Photo(data, fp.probe(data), None)


PHOTOS = [_photo(seed, 150 + 10 * seed) for seed in range(3)]


def test_boxes_are_drawn_as_torchvision_draws_them() -> None:
    rng = random.Random(0)
    info = PHOTOS[0].info
    torch.manual_seed(0)
    picture = torch.zeros(3, info.height, info.width)
    for scale in ((0.08, 1.0), (0.05, 0.4)):
        ours = [draw_box(rng, info, scale) for _ in range(3000)]
        for box in ours:
            assert box.top >= 0
            assert box.left >= 0
            assert box.top + box.height <= info.height
            assert box.left + box.width <= info.width
        theirs = [
            RandomResizedCrop.get_params(picture, list(scale), [3 / 4, 4 / 3]) for _ in range(3000)
        ]
        for field, position in (("top", 0), ("left", 1), ("height", 2), ("width", 3)):
            mine = [getattr(box, field) for box in ours]
            wanted = [params[position] for params in theirs]
            spread = statistics.stdev(wanted)
            assert abs(statistics.mean(mine) - statistics.mean(wanted)) < spread / 8
            assert abs(statistics.stdev(mine) - spread) < spread / 8


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_all_peers_give_the_pixels_that_pillow_gives(work: Work) -> None:
    jobs = make_jobs(PHOTOS, work, seed=3)
    wanted = PythonLoop(PillowDecode()).digests(jobs)
    ours = PythonLoop(FastpassDecode("ours", "turbo"))
    for peer in (TurboDecode("whole image"), PythonLoop(SimplejpegDecode()), ours):
        assert peer.digests(jobs) == wanted, peer.name


def test_libjpegs_own_crop_and_skip_decodes_the_box() -> None:
    """4:4:4: exactly; other samplings differ beside what was skipped."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", subsampling=0)
    photo = Photo(buffer.getvalue(), fp.probe(buffer.getvalue()), None)
    jobs = make_jobs([photo] * 10, WORKS[1], seed=1)
    assert TurboDecode("crop + skip").digests(jobs) == PythonLoop(PillowDecode()).digests(jobs)


def test_the_peer_is_libjpeg_turbo_3() -> None:
    assert turbo_version().startswith("libjpeg-turbo 3.")
    assert "/" not in turbo_version()


def test_a_peer_that_fails_is_no_fast_peer() -> None:
    broken = Photo(PHOTOS[0].data[:300], PHOTOS[0].info, None)
    with pytest.raises(RuntimeError, match="job 1"):
        TurboDecode("whole image").seconds(
            [DecodeJob(PHOTOS[0], None, 1), DecodeJob(broken, None, 9)]
        )


def test_the_native_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    library = ROOT / "build" / "dev" / "benchmarks" / "native" / "libdecode_loop.so"
    if not library.exists():
        pytest.skip("`cmake --workflow --preset dev` has not built the native loop")
    monkeypatch.setattr(native_decode, "run_build", lambda *_: None)
    monkeypatch.setattr(native_decode, "BUILD", library.parents[2])
    native_decode.load_decode_loop.cache_clear()
    peer = native_decode.NativeDecode("turbo")
    for work in WORKS:
        jobs = make_jobs(PHOTOS, work, seed=3)
        assert peer.digests(jobs) == PythonLoop(PillowDecode()).digests(jobs)
        assert peer.seconds(jobs) > 0
    assert 0.3 < native_decode.load_decode_loop().clock_ghz() < 10
    with pytest.raises(RuntimeError, match="no decoder of that name"):
        native_decode.NativeDecode("no such").seconds(jobs)
    native_decode.load_decode_loop.cache_clear()


def test_the_index_reaches_the_native_job() -> None:
    photo = Photo(b"jpeg", PHOTOS[0].info, b"index")
    (plain,) = native_jobs([DecodeJob(photo, None, 2)], indexed=False)
    (indexed,) = native_jobs([DecodeJob(photo, fp.CropBox(1, 2, 3, 4), 1)], indexed=True)
    assert isinstance(plain, NativeJob)
    assert (plain.index_size, plain.height, plain.scale_denominator) == (0, 0, 2)
    assert (indexed.index, indexed.index_size) == (b"index", 5)
    assert (indexed.top, indexed.left, indexed.height, indexed.width) == (1, 2, 3, 4)


class _Fixed:
    """A peer with pixels and times of one's choice."""

    how = "fixed"

    def __init__(self, name: str, seconds: Sequence[float], digest: int = 7) -> None:
        self.name, self._seconds, self._digest = name, list(seconds), digest

    def does(self, work: Work) -> bool:
        return True

    def seconds(self, jobs: Sequence[DecodeJob]) -> float:
        return self._seconds.pop(0)

    def digests(self, jobs: Sequence[DecodeJob]) -> list[int]:
        return [self._digest] * len(jobs)


def test_other_pixels_stop_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "NativeDecode", lambda name: _Fixed(name, []))
    jobs = make_jobs(PHOTOS, WORKS[0], 0)
    good, bad = _Fixed("good", []), _Fixed("bad", [], digest=8)
    inexact = _Fixed(decode.INEXACT, [], digest=8)
    assert decode.check_pixels([good, inexact], jobs) == {"good": 1.0, decode.INEXACT: 0.0}
    with pytest.raises(RuntimeError, match="bad: other pixels than libjpeg-turbo in job 0"):
        decode.check_pixels([good, bad], jobs)


def test_ratios_are_medians_of_pairs_and_cycles_follow_from_the_clock() -> None:
    ours, theirs = _Fixed("ours", [0.1, 0.2, 0.4]), _Fixed("theirs", [0.2, 0.6, 0.8])
    jobs = make_jobs(PHOTOS, WORKS[0], 0)
    seconds = decode.measure([ours, theirs], jobs, 3, lambda done: None)
    report = decode.report(jobs, seconds, 2.0, ["ours"])
    row = report["peers"]["theirs"]
    assert row["times_as_fast"] == {"ours": 2.0}
    assert row["ms_per_image"]["median"] == 200.0
    pixels = sum(photo.info.height * photo.info.width for photo in PHOTOS)
    assert report["pixels"] == pixels
    assert row["cycles_per_pixel"] == round(0.6 * 2e9 / pixels, 3)
    file_bits = 8 * sum(len(photo.data) for photo in PHOTOS)
    assert row["cycles_per_file_bit"] == round(0.6 * 2e9 / file_bits, 3)


def test_scaled_and_cropped_pixels_are_counted() -> None:
    photo = _photo(0, 15, 17)
    assert DecodeJob(photo, None, 8).num_pixels == 2 * 3
    assert DecodeJob(photo, fp.CropBox(0, 0, 4, 5), 1).num_pixels == 20


def test_sets_are_sorted_by_sampling(tmp_path: Path) -> None:
    for seed in range(3):
        (tmp_path / f"{seed}.jpg").write_bytes(jpeg(seed))
    sets = photo_sets(tmp_path, tmp_path, limit=2)
    assert {name: len(photos) for name, photos in sets.items()} == {f"{tmp_path.name} 4:2:0": 2}
