"""``fastpass check``: what is wrong with which file, exit codes, and the list for keep=."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from fastpass.curate.check import CheckReport, check
from fastpass.curate.check.commands import check_command
from fastpass.pack import Pack


def picture(seed: int, kind: str = "JPEG", size: int = 64) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    root.mkdir()
    cut = picture(2)
    files = {
        "good.jpg": picture(0),
        "good.png": picture(1, "PNG"),
        "cut.jpg": cut[: len(cut) // 2],
        "text.jpg": b"no image at all",
        "empty.jpg": b"",
        "really_png.jpg": picture(3, "PNG"),
        "meta.jpg": picture(4),
        "meta.json": b"{",
        "notes.pdf": b"",
    }
    for name, data in files.items():
        (root / name).write_bytes(data)
    Image.new("RGB", (64, 64)).save(root / "flat.jpg")
    return root


def by_key(report: CheckReport) -> dict[str, tuple[str, str]]:
    return {problem.key: (problem.kind, problem.reason) for problem in report.problems}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(check_command, [str(argument) for argument in arguments])


SOUND = ["flat", "good.jpg", "good.png", "meta", "really_png"]


@pytest.mark.parametrize("threads", [1, 4])
def test_every_problem_is_listed(photos, threads):
    report = check(photos, threads=threads)
    found = by_key(report)
    assert {key: kind for key, (kind, _) in found.items()} == {
        "cut": "damaged",
        "text": "unsupported",
        "empty": "damaged",
        "really_png": "odd",
        "meta": "odd",
        "flat": "odd",
    }
    cut = next(problem for problem in report.problems if problem.key == "cut")
    assert cut.byte_offset is not None
    assert cut.place == f"{photos}/cut.jpg"
    assert "named .jpg, but it is a PNG image" in found["really_png"][1]
    assert "no JSON" in found["meta"][1]
    assert "the same color" in found["flat"][1]
    assert (report.num_images, report.is_sound) == (8, False)
    assert sorted(report.sound_keys) == SOUND
    assert report.skipped_files == {"other file": ["notes.pdf"]}


def test_a_sound_source(photos):
    for name in ("cut", "text", "empty"):
        (photos / f"{name}.jpg").unlink()
    result = run(photos)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "5 images checked: 3 odd"


def test_output(photos, tmp_path):
    result = run(photos, "-o", tmp_path / "keep.txt")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "folder: 8 images without labels; left out: 1 other file"
    assert lines[1] == "left out: notes.pdf: other file"
    assert any(line.startswith(f"damaged: {photos}/empty.jpg: CorruptImage: ") for line in lines)
    assert lines[-1] == "8 images checked: 2 damaged, 1 unsupported, 3 odd"
    with Pack(photos, keep=tmp_path / "keep.txt") as pack:
        assert pack.sample_keys == SOUND
    assert run(photos, "--keep-list", tmp_path / "keep.txt").exit_code == 0
    refused = run(photos, "-o", tmp_path / "keep.txt")
    assert refused.exit_code == 1
    assert "WouldOverwrite" in refused.stderr
    assert run(photos, "-o", tmp_path / "keep.txt", "--force", "-0").exit_code == 1
    assert (tmp_path / "keep.txt").read_bytes() == b"".join(k.encode() + b"\0" for k in SOUND)


def test_json(photos):
    report = json.loads(run(photos, "--json").stdout)
    assert report["counts"] == {"damaged": 2, "unsupported": 1, "unreadable": 0, "odd": 3}
    assert {"kind", "key", "place", "reason", "byte_offset"} == set(report["problems"][0])


def test_every_file_that_is_left_out_is_listed(photos):
    names = [f"{i:03d}.nef" for i in range(102)] + ["a\nb.nef"]
    for name in names:
        (photos / name).write_bytes(b"raw")
    (photos / "gone.jpg").symlink_to("nowhere")
    raw = "image of a format that is not read"
    left_out = {raw: names, "link to nothing": ["gone.jpg"], "other file": ["notes.pdf"]}
    assert json.loads(run(photos, "--json").stdout)["skipped_files"] == left_out
    lines = [line for line in run(photos).stdout.splitlines() if line.startswith("left out: ")]
    assert lines == [
        "left out: gone.jpg: link to nothing",
        *[f"left out: {name}: {raw}" for name in names[:100]],
        f"left out: 3 more: {raw}; --json has all",
        "left out: notes.pdf: other file",
    ]


def test_damaged_tars_do_not_hide_the_others(tmp_path):
    for name in ("a", "b", "c"):
        with tarfile.open(tmp_path / f"{name}.tar", "w") as tar:
            header = tarfile.TarInfo(f"{name}.jpg")
            header.size = len(picture(5))
            tar.addfile(header, io.BytesIO(picture(5)))
    content = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "b.tar").write_bytes(content[:2000])
    report = check(f"{tmp_path}/*.tar")
    assert report.sound_keys == ["a", "c"]
    (problem,) = report.problems
    assert (problem.kind, problem.key, problem.place) == ("damaged", "", f"{tmp_path}/b.tar")
    assert problem.byte_offset == 0
    alone = run(tmp_path / "b.tar")
    assert alone.exit_code == 1
    assert "truncated" in alone.stdout


def test_unreadable_and_unsupported(photos):
    report = check(photos, max_pixels=1000)
    assert by_key(report)["good.jpg"][0] == "unsupported"
    assert "ImageTooLarge" in by_key(report)["good.png"][1]


def test_names_that_are_not_utf8(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    for name in (b"/\xff.jpg", b"/new\nline.jpg"):
        with open(folder + name, "wb") as file:
            file.write(b"no image")
    result = run(os.fsdecode(folder))
    assert result.exit_code == 1
    assert "caf\\xe9/\\xff.jpg" in result.stdout
    assert "new\\x0aline.jpg" in result.stdout


def test_wrong_usage(tmp_path):
    assert run().exit_code == 2
    result = run(tmp_path / "nothing")
    assert result.exit_code == 1
    assert "no such file or folder" in result.stderr
