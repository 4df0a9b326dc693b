"""The shards: deterministic, readable by anyone, complete or absent."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from fastpass.errors import BadArgument, WouldOverwrite, WriteFailed
from fastpass.pack import build_index
from fastpass.synth import dataset, shards, synthesize
from fastpass.synth.commands import synth


def _digests(folder: Path) -> dict[str, str]:
    visible = sorted(folder.glob("[!.]*"))
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in visible}


def _small(output: Path, **changes: object) -> dict[str, str]:
    arguments = {"num_classes": 3, "images_per_class": 5, "val_images_per_class": 2, "size": 48}
    synthesize(output, **{**arguments, **changes})  # type: ignore[arg-type]
    return _digests(output)


def test_bytes_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    results = [_small(tmp_path / str(workers), workers=workers) for workers in (1, 2, 5)]
    assert results[0] == results[1] == results[2]
    assert list(results[0]) == ["train-000000.tar", "val-000000.tar"]


def test_seed_and_split_change_the_pictures(tmp_path: Path) -> None:
    first, second = _small(tmp_path / "a"), _small(tmp_path / "b", seed=1)
    assert first["train-000000.tar"] != second["train-000000.tar"]
    pictures = [
        dataset.instance_picture(
            dataset.class_system(0, 0), seed=0, split=split, class_index=0, instance=0, size=48
        ).image
        for split in dataset.SPLITS
    ]
    assert not np.array_equal(pictures[0], pictures[1])


def test_more_images_per_class_keep_the_first_ones(tmp_path: Path) -> None:
    _small(tmp_path / "few")
    _small(tmp_path / "many", images_per_class=7)
    few, many = (_read(tmp_path / name / "train-000000.tar") for name in ("few", "many"))
    assert all(many[key] == fields for key, fields in few.items())


def _read(path: Path) -> dict[str, dict[str, bytes]]:
    """A shard as WebDataset reads it: grouped by the name up to the first dot, in file order."""
    samples: dict[str, dict[str, bytes]] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            key, extension = member.name.split(".", 1)
            data = archive.extractfile(member)
            assert data is not None
            if key not in samples:
                samples[key] = {}
            else:
                assert key == list(samples)[-1], "members of a sample must stand together"
            samples[key][extension] = data.read()
    return samples


def test_samples_hold_a_jpeg_a_label_and_where_it_came_from(tmp_path: Path) -> None:
    _small(tmp_path)
    samples = _read(tmp_path / "train-000000.tar")
    assert len(samples) == 15
    for index, fields in enumerate(samples.values()):
        assert set(fields) == {"jpg", "cls", "json"}
        label = int(fields["cls"])
        assert label == index % 3
        record = json.loads(fields["json"])
        assert set(record) == {"title", "author", "license", "license_url", "source"}
        assert record["license"] == "CC0-1.0"
        assert f"class {label} instance {index // 3} split train seed 0" in record["source"]
        with Image.open(io.BytesIO(fields["jpg"])) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (48, 48))
            assert image.layer[0][1:3] == (2, 2)  # type: ignore[attr-defined]  # 4:2:0


def test_shards_are_split_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "SAMPLES_PER_SHARD", 4)
    summary = synthesize(tmp_path, num_classes=3, images_per_class=3, size=48)
    assert [p.name for p in summary.shards] == [f"train-{i:06d}.tar" for i in range(3)]
    keys = [key for path in summary.shards for key in _read(path)]
    assert keys == [f"train{index:08d}" for index in range(9)]
    assert summary.num_images == 9
    assert summary.num_bytes == sum(p.stat().st_size for p in summary.shards)


def test_a_folder_that_is_not_empty_is_refused_and_force_replaces_what_synth_wrote(
    tmp_path: Path,
) -> None:
    _small(tmp_path)
    build_index(tmp_path / "val-000000.tar")
    before = _digests(tmp_path)
    with pytest.raises(WouldOverwrite, match="not empty"):
        _small(tmp_path)
    assert _digests(tmp_path) == before
    assert list(_small(tmp_path, force=True, val_images_per_class=0)) == ["train-000000.tar"]
    (tmp_path / "train-000007.tar").write_bytes(b"mine")
    with pytest.raises(WouldOverwrite, match=r"holds 'train-000007\.tar'"):
        _small(tmp_path, force=True)
    assert list(_digests(tmp_path)) == ["train-000000.tar", "train-000007.tar"]


def test_a_failure_leaves_no_half_written_shard(tmp_path: Path) -> None:
    def samples() -> object:
        yield "a", {"jpg": b"1"}
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        list(shards.write_shards(samples(), tmp_path, "train", 10))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_of_the_system_is_a_named_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteFailed, match=r"train-000000\.tar: No space left"):
        _small(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(WriteFailed, match="cannot write '/dev/null/folder': Not a dir"):
        _small(Path("/dev/null/folder"))


@pytest.mark.parametrize("change", [{"num_classes": 0}, {"size": 31}, {"seed": -1}, {"workers": 0}])
def test_arguments_out_of_range_are_named(tmp_path: Path, change: dict[str, int]) -> None:
    with pytest.raises(BadArgument, match=next(iter(change))):
        _small(tmp_path / "out", **change)
    assert not (tmp_path / "out").exists()


def test_command_line(tmp_path: Path) -> None:
    arguments = ["-o", str(tmp_path / "d"), "--classes", "2", "--per-class", "3"]
    arguments += ["--val-per-class", "1", "--size", "48"]
    result = CliRunner().invoke(synth, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["num_images"] == 8
    again = CliRunner().invoke(synth, arguments)
    assert again.exit_code == 1
    assert again.stderr.startswith("fastpass: WouldOverwrite: ")
    assert CliRunner().invoke(synth, ["--classes", "2"]).exit_code == 2
