"""What fastpass computes from the golden pictures, as JSON: by the public face alone.

Every function runs on the commit that made the golden files and on the present one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import fastpass as fp

HERE = Path(__file__).parent
FILES = HERE / "files"
TAR, INDEX, RUN = "pictures.tar", "pictures.tar.fpi", "run"
CHECKPOINT_STEP, NUM_STEPS = 4, 9
TAR_TIME = 1_700_000_000  # the index holds the tar's modification time, which git does not keep

HASH_KINDS = (
    "pdq", "pdq_fast", "pdq:rotate90", "pdq:rotate180", "pdq:rotate270", "pdq:flip_x", "pdq:flip_y",
    "pdq:flip_plus1", "pdq:flip_minus1", "phash", "dhash", "ahash", "whash", "pixels", "sha256",
)  # fmt: skip


def laid_out(folder: Path) -> Path:
    """A copy of the golden files in ``folder``, the tar as old as its index says."""
    for path in FILES.iterdir():
        if path.is_file():
            shutil.copyfile(path, folder / path.name)
    os.utime(folder / TAR, (TAR_TIME, TAR_TIME))
    return folder


def unpacked(folder: Path) -> Path:
    """The pictures of the tar in ``folder`` as a folder of files."""
    images = folder / "images"
    images.mkdir()
    with tarfile.open(folder / TAR) as tar:
        for member in tar:
            if not member.name.endswith(".cls"):
                opened = tar.extractfile(member)
                assert opened is not None
                (images / member.name).write_bytes(opened.read())
    return images


def encoded(folder: Path) -> dict[str, bytes]:
    """Key -> bytes, through the index."""
    with fp.Pack(str(folder / TAR)) as pack:
        return {sample.key: bytes(sample.data) for sample in pack}


def digest(arrays: Iterable[Any]) -> str:
    """16 hex digits over dtypes, shapes and bytes."""
    found = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        found.update(f"{array.dtype} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()[:16]


def samples(folder: Path) -> list[list[Any]]:
    """Key, id, label, size of every sample, hashes of its bytes and of its seek index."""
    with fp.Pack(str(folder / TAR)) as pack:
        assert not pack.unindexed_shards
        return [
            [
                sample.key,
                int(sample.sample_id),
                sample.label,
                [sample.info.height, sample.info.width],
                hashlib.sha256(sample.data).hexdigest()[:16],
                sample.seek_index and hashlib.sha256(sample.seek_index).hexdigest()[:16],
            ]
            for sample in pack
        ]


def decoded(folder: Path) -> dict[str, str]:
    """Key -> hash of the pixels."""
    return {key: digest([fp.decode_image(data)]) for key, data in encoded(folder).items()}


def drawn() -> dict[str, list[str]]:
    """Recipe -> a hash of the drawn numbers of each view of one sample."""
    return {
        name: [
            hashlib.sha256(repr(dataclasses.astuple(view)).encode()).hexdigest()[:16]
            for view in fp.draw(make(), width=640, height=480, seed=3, epoch=2, sample_id=77)
        ]
        for name, make in fp.recipes.RECIPES.items()
    }


def views(folder: Path, recipes: dict[str, fp.Recipe]) -> dict[str, list[str]]:
    """Recipe, mode, seed and epoch -> a hash of all views of each picture."""
    images = encoded(folder).values()
    return {
        f"{name} {mode} {seed} {epoch}": [
            digest(fp.render(data, recipe, seed=seed, epoch=epoch, sample_id=i, mode=mode))
            for i, data in enumerate(images)
        ]
        for name, recipe in recipes.items()
        for mode in ("exact", "fast")
        for seed, epoch in ((0, 0), (2**40 + 1, 7))
    }


def published_recipes() -> dict[str, fp.Recipe]:
    """Name -> each published recipe with its defaults."""
    return {name: make() for name, make in fp.recipes.RECIPES.items()}


def custom_recipe() -> fp.Recipe:
    """A recipe with every kind of blur, interpolation and crop."""
    first = fp.ViewSpec(
        size=64,
        scale=(0.3, 0.9),
        interpolation="bicubic",
        jitter=fp.Jitter(0.4, 0.3, 0.2, 0.1, probability=0.9),
        grayscale=0.3,
        blur=fp.Blur(0.7, (0.2, 1.5), "gaussian", 7),
        solarize=0.3,
    )
    last = fp.ViewSpec(
        size=48, crop="center", resize=56, flip=0.0, mean=(0.5,) * 3, std=(0.25,) * 3
    )
    return fp.Recipe("golden", (first, fp.ViewSpec(size=40, blur=fp.Blur(0.5)), last))


def loaders(folder: Path) -> dict[str, fp.Loader]:
    """Name -> a loader whose state is saved in the middle of an epoch."""
    tar, images = str(folder / TAR), str(folder / "images")
    recipe = fp.recipes.dino(global_size=32, local_size=16, num_local_crops=2)
    common = {"batch_size": 2, "seed": 5, "threads": 2}
    return {
        "tar": fp.Loader(tar, recipe, **common),
        "folder": fp.Loader(images, recipe, **common, mode="exact"),
        "second of two ranks": fp.Loader(tar, recipe, **common, rank=1, world_size=2),
        "quasi-random": fp.Loader(tar, recipe, **common, order="quasi_random"),
        "in order": fp.Loader(tar, recipe, **common, shuffle=False, drop_last=False),
    }


def batch_values(batch: fp.Batch) -> list[Any]:
    """Sample ids, and the hash of all views."""
    return [batch.sample_ids.tolist(), digest(view.numpy() for view in batch.views)]


def saved_states(folder: Path) -> dict[str, Any]:
    """Name -> the state after two batches of epoch 3, and the batches that follow."""
    found = {}
    for name, loader in loaders(folder).items():
        with loader:
            loader.set_epoch(3)
            batches = iter(loader)
            next(batches)
            next(batches)
            state = loader.state_dict()
            following = [batch_values(batch) for batch in batches]
            loader.set_epoch(4)
            following += [batch_values(batch) for batch in loader]
        found[name] = {"state": state, "following": following}
    return found


def following(loader: fp.Loader, state: dict[str, Any]) -> list[Any]:
    """The batches after ``state``: the rest of its epoch and the whole next one."""
    loader.load_state_dict(state)
    found = [batch_values(batch) for batch in loader]
    loader.set_epoch(state["epoch"] + 1)
    return found + [batch_values(batch) for batch in loader]


def hashes(folder: Path) -> dict[str, Any]:
    """Codes in hexadecimal, qualities, sizes and statistics of all pictures, in their order."""
    found = fp.hash_images(list(encoded(folder).values()), HASH_KINDS, statistics=True, threads=1)
    return {
        "codes": {
            kind: [code.tobytes().hex() for code in found.codes[kind]] for kind in HASH_KINDS
        },
        "quality": found.quality.tolist(),
        "quality_fast": found.quality_fast.tolist(),
        "height": found.height.tolist(),
        "width": found.width.tolist(),
        "statistics": {name: values.tolist() for name, values in found.statistics.items()},
    }


def fastpass(*words: object) -> None:
    """Run a command of the tree that is imported."""
    subprocess.run(
        [sys.executable, "-m", "fastpass.cli", *map(str, words)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def deduplicated(source: Path, output: Path, *options: object) -> dict[str, Any]:
    """The tables of a run of ``fastpass dedup`` over a folder of the pictures."""
    import pyarrow.parquet as parquet

    fastpass("dedup", source, "--dihedral", "-o", output, *options)
    tables = {
        "clusters": ("key", "status", "kept_key", "distance", "group_size", "group_diameter"),
        "pairs": ("first", "second", "distance", "transform"),
    }
    return {
        name: [
            [row[column] for column in columns]
            for row in parquet.read_table(output / f"{name}.parquet").to_pylist()
        ]
        for name, columns in tables.items()
    }


def train(output: Path, *options: object) -> None:
    """Run train.py with tiny.toml on one processor. The folder of ``output`` holds the tar."""
    program = Path(fp.__file__).parents[1] / "train.py"
    words = [program, "--config", HERE / "tiny.toml", "--data", TAR, "--output", output.name]
    subprocess.run(
        [sys.executable, *map(str, [*words, *options])],
        check=True,
        cwd=output.parent,
        env=os.environ | {"DS_ACCELERATOR": "cpu", "CUDA_VISIBLE_DEVICES": ""},
    )


def losses(run: Path, first_step: int) -> list[list[float]]:
    """Loss, teacher entropy and feature spread of every step from ``first_step`` on."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    names = ("loss", "teacher_entropy", "feature_std")
    return [[line[name] for name in names] for line in lines if line["step"] >= first_step]


def export(run: Path, output: Path) -> None:
    """Write the encoder of a checkpoint."""
    fastpass("export", "--checkpoint", run, "--to", "timm", "-o", output)


def features(encoder: Path) -> list[list[float]]:
    """What an exported encoder says to two fixed images; loaded as its metadata say, by timm."""
    import timm
    import torch
    from safetensors import safe_open

    with safe_open(encoder, framework="pt") as opened:
        metadata = opened.metadata()
    model = timm.create_model(
        metadata["model"],
        num_classes=0,
        checkpoint_path=str(encoder),
        **json.loads(metadata["kwargs"]),
    ).eval()
    images = torch.linspace(-1, 1, 2 * 3 * 16 * 16).sin().reshape(2, 3, 16, 16)
    with torch.no_grad():
        return [[float(value) for value in row] for row in model(images)]
