"""Our decoder in a Loader of FFCV's own, on our files and on FFCV's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import view_operations
from support.pictures import image_folder

import fastpass as fp
from fastpass.pack.writer import pack_folder

torch = pytest.importorskip("torch")
pytest.importorskip("ffcv", reason="FFCV is not installed")
from ffcv.fields import IntField, RGBImageField  # noqa: E402
from ffcv.loader import Loader, OrderOption  # noqa: E402
from ffcv.pipeline.pipeline_spec import PipelineSpec  # noqa: E402
from ffcv.transforms import RandomHorizontalFlip, ToTensor  # noqa: E402
from ffcv.writer import DatasetWriter  # noqa: E402

from fastpass.feed import ffcv as ours  # noqa: E402
from fastpass.feed.c_api import Report  # noqa: E402
from fastpass.feed.ffcv_memory import RecycledMemory  # noqa: E402

RECIPE = fp.recipes.dino(global_size=24, local_size=16, num_local_crops=1)
SEED = 7


@pytest.fixture(scope="module")
def beton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ffcv")
    pack_folder(image_folder(folder / "root"), folder / "images.beton", to="beton")
    return folder / "images.beton"


def _loader(path: Path, pipelines: dict[str, Any], **options: Any) -> Any:
    given = {"batch_size": 4, "num_workers": 2, "order": OrderOption.SEQUENTIAL, **options}
    return Loader(str(path), pipelines=pipelines, drop_last=False, **given)


def _ours(path: Path, pipelines: dict[str, Any]) -> Any:
    disabled = {"label": None, "sample_id": None}
    return _loader(path, {**disabled, **pipelines}, custom_fields={"image": ours.FastpassField})


def _wanted(pack: fp.Pack, epoch: int, recipe: fp.Recipe = RECIPE) -> list[list[Any]]:
    """[sample][view]"""
    return [
        list(fp.render(s.data, recipe, seed=SEED, epoch=epoch, sample_id=s.sample_id)) for s in pack
    ]


def _copied(loader: Any) -> list[list[Any]]:
    """FFCV writes into the memory of a batch again, some batches later."""
    return [[output.clone() for output in batch] for batch in loader]


def _assert_views(loader: Any, pack: fp.Pack, epoch: int) -> None:
    batches = _copied(loader)
    for view in range(len(RECIPE.views)):
        got = torch.cat([batch[view] for batch in batches])
        wanted = torch.stack([torch.from_numpy(views[view]) for views in _wanted(pack, epoch)])
        assert torch.equal(got, wanted)


def test_views_are_those_of_render_epoch_by_epoch(beton: Path) -> None:
    loader = _ours(beton, ours.multi_crop(RECIPE, seed=SEED))
    with fp.Pack(beton) as pack:
        for epoch in (0, 1):
            _assert_views(loader, pack, epoch)


def test_an_epoch_may_be_named(beton: Path) -> None:
    decoder = ours.MultiCropDecoder(RECIPE, seed=SEED)
    pipelines: dict[str, Any] = {"image": [decoder, decoder.view(0), ToTensor()]}
    for view in (1, 2):
        spec = PipelineSpec(decoder, transforms=[decoder.view(view), ToTensor()])
        pipelines[f"view_{view}"] = spec
    loader = _ours(beton, pipelines)
    decoder.set_epoch(5)
    with fp.Pack(beton) as pack:
        _assert_views(loader, pack, 5)


def test_operations_on_views_and_what_they_put_out(beton: Path) -> None:
    views = (
        fp.ViewSpec(size=20, ops=(view_operations.dim, view_operations.tell_key)),
        fp.ViewSpec(size=16, ops=(fp.view_ops.mixup_weight,)),
    )
    recipe = fp.Recipe("own", views)
    pipelines = ours.multi_crop(recipe, seed=SEED)
    assert [*pipelines] == [
        "image", "view_1", "scale_0", "own_key_0", "is_even_0", "mixup_weight_1"
    ]  # fmt: skip
    got = [torch.cat(column) for column in zip(*_copied(_ours(beton, pipelines)), strict=True)]
    with fp.Pack(beton) as pack:
        for place, sample in enumerate(pack):
            given = {"seed": SEED, "epoch": 0, "sample_id": sample.sample_id}
            views_of, outputs = fp.render(sample.data, recipe, return_outputs=True, **given)
            wanted = [*views_of, outputs["scale"][0], outputs["own_key"][0], outputs["is_even"][0]]
            wanted.append(outputs["mixup_weight"][1])
            for mine, one in zip(got, wanted, strict=True):
                assert torch.equal(mine[place], torch.as_tensor(one))
    decoder = ours.MultiCropDecoder(recipe)
    with pytest.raises(fp.BadArgument, match="'scale' of view 1 is no output.*'scale' of view 0"):
        decoder.output("scale", 1)
    with pytest.raises(fp.BadArgument, match="dim works on normalized values"):
        ours.MultiCropDecoder(recipe, dtype="uint8")


def test_operations_of_ffcv_come_behind(beton: Path) -> None:
    recipe = fp.recipes.evaluation(size=16)
    decoder = ours.MultiCropDecoder(recipe, dtype="uint8", normalize=False, layout="HWC")
    plain = _copied(_ours(beton, {"image": [decoder, decoder.view(0), ToTensor()]}))
    decoder = ours.MultiCropDecoder(recipe, dtype="uint8", normalize=False, layout="HWC")
    flip = RandomHorizontalFlip(flip_prob=1.0)
    flipped = _copied(_ours(beton, {"image": [decoder, decoder.view(0), flip, ToTensor()]}))
    for (before,), (after,) in zip(plain, flipped, strict=True):
        assert before.dtype == torch.uint8
        assert before.shape[1:] == (16, 16, 3)
        assert torch.equal(after, before.flip(2))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_views_of_16_bits(beton: Path, dtype: Any) -> None:
    decoder = ours.MultiCropDecoder(RECIPE, seed=SEED, dtype=dtype)
    got = _copied(_ours(beton, {"image": [decoder, decoder.view(0), ToTensor()]}))[0][0]
    with fp.Pack(beton) as pack:
        wanted = torch.stack([torch.from_numpy(views[0]) for views in _wanted(pack, 0)[:4]])
    bits = wanted.to(getattr(torch, dtype)).view(torch.int16)
    assert torch.equal(got.view(torch.int16).reshape(bits.shape), bits)


class _Pictures:
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> tuple[np.ndarray[Any, Any], int]:
        generator = np.random.default_rng(index)
        small = generator.integers(0, 256, (5, 6, 3), np.uint8)
        return small.repeat(9, 0).repeat(9, 1), index


def _written(path: Path, mode: str) -> Path:
    fields = {"image": RGBImageField(write_mode=mode), "label": IntField()}
    DatasetWriter(str(path), fields, num_workers=1).from_indexed_dataset(_Pictures())
    return path


def test_files_of_ffcv_in_jpg_mode(tmp_path: Path) -> None:
    path = _written(tmp_path / "plain.beton", "jpg")
    pipelines = {**ours.multi_crop(RECIPE, seed=SEED), "label": None}
    with fp.Pack(path) as pack:
        assert pack.labels.tolist() == list(range(6))
        _assert_views(_loader(path, pipelines), pack, 0)


def test_pixels_are_refused_by_name(tmp_path: Path) -> None:
    path = _written(tmp_path / "raw.beton", "raw")
    pipelines = {**ours.multi_crop(RECIPE), "label": None}
    with pytest.raises(fp.UnsupportedImage, match="6 of 6 images of this .beton are stored as pix"):
        _loader(path, pipelines)
    with pytest.raises(fp.BadPack, match="all images are stored as pixels"):
        fp.Pack(path)


# ---- damage --------------------------------------------------------------------------------------


@pytest.fixture
def damaged(beton: Path, tmp_path: Path) -> Path:
    """The sixth image is none."""
    with fp.Pack(beton) as pack:
        image = bytes(pack[5].data)
    path = Path(shutil.copy(beton, tmp_path / "damaged.beton"))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(image, bytes(len(image)), 1))
    return path


def test_a_fault_is_raised_where_batches_are_taken(damaged: Path, beton: Path) -> None:
    """FFCV's thread alone would end, and its consumer wait for ever."""
    loader = _ours(damaged, ours.multi_crop(RECIPE, seed=SEED))
    batches = iter(loader)
    next(batches)
    with pytest.raises(fp.UnsupportedImage, match=r"damaged\.beton: row 5: "):
        next(batches)
    assert list(batches) == []
    assert len(list(_ours(beton, ours.multi_crop(RECIPE, seed=SEED)))) > 1


def test_faults_may_be_reported(damaged: Path) -> None:
    decoder = ours.MultiCropDecoder(RECIPE, seed=SEED, on_error="report")
    reports = PipelineSpec(decoder, transforms=[decoder.reports()])
    loader = _ours(damaged, {"image": [decoder, decoder.view(0), ToTensor()], "reports": reports})
    batches = [(views.clone(), told.copy()) for views, told in loader]
    errors = [Report.from_buffer_copy(row).error() for _, told in batches for row in told]
    assert [place for place, error in enumerate(errors) if error is not None] == [5]
    views = torch.cat([views for views, _ in batches])
    assert views[5].eq(0).all()
    assert not views[4].eq(0).all()


def test_a_thread_of_ffcv_that_fails_is_told(beton: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(memory: RecycledMemory, slot: int) -> Any:
        raise MemoryError

    with fp.Loader(beton, RECIPE, batch_size=4, backend="ffcv", threads=2) as loader:
        monkeypatch.setattr(RecycledMemory, "__getitem__", fail)
        monkeypatch.setattr("threading.excepthook", lambda arguments: None)
        with pytest.raises(fp.errors.BackendFailed, match="FFCV's thread has ended"):
            next(iter(loader))
