"""``fn.fastpass.multi_crop`` in DALI: the views of ``render``, in all the ways DALI is used."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.dali_pipelines import (
    arrays,
    bytes_node,
    dali,
    enabled,
    ids_node,
    outputs,
    pipeline,
)
from support.pictures import image_folder, jpeg
from support.tars import image_tar

import fastpass as fp
from fastpass.augment import recipes

fn, types = dali.fn, dali.types
RECIPE = recipes.dino(global_size=32, local_size=16, num_local_crops=2)
FILES = [jpeg(seed, 90 + seed, 120) for seed in range(6)]
IDS = [5, -3, 2**62, 0, 7, 8]


@pytest.fixture(scope="module", autouse=True)
def ours() -> Any:
    return enabled()


@pytest.fixture
def text(ours: Any) -> str:
    return ours.recipe(RECIPE)


def _expected(data: bytes, *, sample_id: int, **options: Any) -> list[np.ndarray[Any, Any]]:
    return fp.render(data, RECIPE, sample_id=sample_id, **options)


def _assert_views(got: list[Any], files: list[bytes], ids: list[int], **options: Any) -> None:
    for sample, (data, sample_id) in enumerate(zip(files, ids, strict=True)):
        wanted = _expected(data, sample_id=sample_id, **options)
        for view, of_view in enumerate(got):
            assert np.array_equal(of_view[sample], wanted[view]), (sample, view)


def test_views_are_those_of_render(text: str) -> None:
    def define() -> Any:
        ids = ids_node(IDS)
        return fn.fastpass.multi_crop(bytes_node(FILES), ids, recipe=text, epoch=3, seed=11)

    made = pipeline(define, batch_size=len(FILES), threads=3)
    for _ in range(2):
        views = outputs(made)
        assert len(views) == len(RECIPE.views)
        _assert_views(views, FILES, IDS, seed=11, epoch=3)


def test_a_published_recipe_by_name() -> None:
    made = pipeline(
        lambda: fn.fastpass.multi_crop(bytes_node(FILES[:1]), recipe="moco_v2", epoch=0, seed=2),
        batch_size=1,
    )
    wanted = fp.render(FILES[0], recipes.moco_v2(), seed=2)  # the first of the batch has id 0
    assert all(
        np.array_equal(view[0], want) for view, want in zip(outputs(made), wanted, strict=True)
    )


@pytest.mark.parametrize("layout", ["CHW", "HWC"])
@pytest.mark.parametrize("dtype", ["FLOAT", "FLOAT16", "UINT8", "UINT16"])
def test_formats_are_those_of_the_loader(
    text: str, tmp_path: Path, dtype: str, layout: str
) -> None:
    torch = pytest.importorskip("torch")
    names = {"FLOAT": "float32", "FLOAT16": "float16", "UINT8": "uint8", "UINT16": "bfloat16"}
    (tmp_path / "a.jpg").write_bytes(FILES[0])
    with fp.Loader(tmp_path, RECIPE, batch_size=1, seed=9, threads=1, dtype=names[dtype]) as loader:  # type: ignore[arg-type]
        (batch,) = loader
    made = pipeline(
        lambda: fn.fastpass.multi_crop(
            bytes_node(FILES[:1]),
            ids_node([int(batch.sample_ids[0])]),
            recipe=text,
            epoch=0,
            seed=9,
            dtype=getattr(types, dtype),
            output_layout=layout,
        ),
        batch_size=1,
    )
    result = made.run()
    assert {output.layout() for output in result} == {layout}
    for output, wanted in zip(result, batch.views, strict=True):
        got = np.array(output.at(0))
        if layout == "HWC":
            got = got.transpose(2, 0, 1)
        bits = wanted[0].view(torch.uint16) if dtype == "UINT16" else wanted[0]
        assert np.array_equal(got, bits.numpy())


def test_a_new_epoch_for_every_sample_drawn_by_dali(text: str) -> None:
    """The way to ever new views in a pipeline that counts no epochs."""

    def define() -> Any:
        epoch = fn.cast(fn.random.uniform(range=[0, 2**20], seed=4), dtype=types.INT32)
        return [epoch, *fn.fastpass.multi_crop(bytes_node(FILES), recipe=text, epoch=epoch, seed=0)]

    made = pipeline(define, batch_size=len(FILES))
    seen = set()
    for _ in range(3):
        epochs, *views = outputs(made)
        for sample, epoch in enumerate(epochs):
            wanted = _expected(FILES[sample], sample_id=sample, seed=0, epoch=int(epoch))
            assert all(
                np.array_equal(view[sample], want) for view, want in zip(views, wanted, strict=True)
            )
        seen |= {int(epoch) for epoch in epochs}
    assert len(seen) == 3 * len(FILES)


def test_batches_of_changing_size(text: str) -> None:
    sizes = iter([4, 1, 6])

    def define() -> Any:
        source = lambda: arrays(FILES[: next(sizes)])  # noqa: E731
        return fn.fastpass.multi_crop(
            fn.external_source(source, dtype=types.UINT8, ndim=1), recipe=text, epoch=0, seed=0
        )

    made = pipeline(define, batch_size=6, prefetch_queue_depth=1)
    for size in (4, 1, 6):
        _assert_views(outputs(made), FILES[:size], list(range(size)), seed=0)


def test_outputs_that_are_held_are_not_written_again(text: str) -> None:
    """The operator uses its memory again, but only what nobody holds any more."""

    def define() -> Any:
        epoch = fn.external_source(lambda: [np.int64(next(epochs))] * 6, dtype=types.INT64, ndim=0)
        return fn.fastpass.multi_crop(bytes_node(FILES), recipe=text, epoch=epoch, seed=0)

    epochs = iter(range(100))
    made = pipeline(define, batch_size=6)
    held = [made.run()[0].as_tensor() for _ in range(3)]
    addresses = {made.run()[0].as_tensor().data_ptr() for _ in range(20)}
    assert len(addresses) < 10
    assert not addresses & {tensor.data_ptr() for tensor in held}
    del made
    for epoch, tensor in enumerate(held):
        for sample, data in enumerate(FILES):
            wanted = _expected(data, sample_id=sample, seed=0, epoch=epoch)[0]
            assert np.array_equal(np.asarray(tensor)[sample], wanted)


def test_seek_indexes_change_nothing_and_wrong_ones_are_refused(text: str) -> None:
    large = [jpeg(1, 300, 400), jpeg(2, 300, 400)]
    indexes = [fp.build_seek_index(large[0]), b""]

    def define(given: list[bytes]) -> Any:
        return fn.fastpass.multi_crop(
            bytes_node(large), ids_node([0, 1]), bytes_node(given), recipe=text, epoch=0, seed=0
        )

    _assert_views(outputs(pipeline(lambda: define(indexes), batch_size=2)), large, [0, 1], seed=0)
    with pytest.raises(RuntimeError, match=r"fastpass\.BadSeekIndex: sample 1 of the batch"):
        outputs(pipeline(lambda: define(indexes[:1] * 2), batch_size=2))


def test_what_is_no_jpeg_goes_through_pillow(text: str) -> None:
    png = io.BytesIO()
    Image.open(io.BytesIO(FILES[1])).save(png, "PNG")
    files = [FILES[0], png.getvalue(), FILES[2]]
    made = pipeline(
        lambda: fn.fastpass.multi_crop(bytes_node(files), recipe=text, epoch=0, seed=0),
        batch_size=3,
    )
    _assert_views(outputs(made), files, [0, 1, 2], seed=0)


# ---- DALI's own readers in front, its operators behind, its iterators ----------------------------


def test_behind_dalis_file_reader_and_before_its_operators(text: str, tmp_path: Path) -> None:
    root = image_folder(tmp_path, num_classes=2, per_class=3)
    files = [path.read_bytes() for path in sorted(root.rglob("*.jpg"))]

    def define() -> Any:
        encoded, labels = fn.readers.file(file_root=str(root))
        views = fn.fastpass.multi_crop(encoded, recipe=text, epoch=0, seed=0)
        flipped = fn.flip(views[0], horizontal=1)
        return [labels, views[0], flipped]

    labels, views, flipped = outputs(pipeline(define, batch_size=6))
    assert [int(label[0]) for label in labels] == [0, 0, 0, 1, 1, 1]
    for sample, data in enumerate(files):
        wanted = _expected(data, sample_id=sample, seed=0)[0]
        assert np.array_equal(views[sample], wanted)
        assert np.array_equal(flipped[sample], wanted[:, :, ::-1])


def test_behind_dalis_webdataset_reader(text: str, tmp_path: Path) -> None:
    tar = image_tar(tmp_path / "a.tar", range(4))
    made = pipeline(
        lambda: fn.fastpass.multi_crop(
            fn.readers.webdataset(
                paths=[str(tar)], ext=["jpg"], missing_component_behavior="error"
            ),
            recipe=text,
            epoch=0,
            seed=0,
        ),
        batch_size=4,
    )
    files = [bytes(sample.data) for sample in fp.Pack(tar)]
    _assert_views(outputs(made), files, [0, 1, 2, 3], seed=0)


def test_under_the_generic_iterator(text: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from nvidia.dali.plugin.pytorch import DALIGenericIterator, LastBatchPolicy

    root = image_folder(tmp_path, num_classes=1, per_class=5)

    def define() -> Any:
        encoded, labels = fn.readers.file(file_root=str(root), name="reader")
        return [*fn.fastpass.multi_crop(encoded, recipe=text, epoch=0, seed=0), labels]

    names = [f"view{view}" for view in range(len(RECIPE.views))]
    iterator = DALIGenericIterator(
        pipeline(define, batch_size=2),
        [*names, "labels"],
        reader_name="reader",
        last_batch_policy=LastBatchPolicy.PARTIAL,
        auto_reset=True,
    )
    for _ in range(2):
        shapes = [tuple(batch[0]["view0"].shape) for batch in iterator]
        assert shapes == [(2, 3, 32, 32), (2, 3, 32, 32), (1, 3, 32, 32)]


def test_a_pipeline_with_checkpoints_goes_on(text: str, tmp_path: Path) -> None:
    root = image_folder(tmp_path, num_classes=1, per_class=8)

    def define() -> Any:
        encoded, _ = fn.readers.file(file_root=str(root), random_shuffle=True, seed=3)
        return fn.fastpass.multi_crop(encoded, recipe=text, epoch=0, seed=0)

    first = pipeline(define, batch_size=2, enable_checkpointing=True)
    outputs(first)
    saved = first.checkpoint()
    wanted = outputs(first)
    again = pipeline(define, batch_size=2, enable_checkpointing=True, checkpoint=saved)
    assert np.array_equal(outputs(again)[0], wanted[0])


# ---- operations on views -------------------------------------------------------------------------


def _recipe_with_ops() -> fp.Recipe:
    pytest.importorskip("numba")
    from support.view_operations import dim, paint, tell_key

    views = (
        fp.ViewSpec(size=20, ops=(paint, dim)),
        fp.ViewSpec(size=16),
        fp.ViewSpec(size=32, ops=(tell_key, fp.view_ops.block_mask.in_python())),
    )
    return fp.Recipe("mine", views)


def _wanted_with_ops(recipe: fp.Recipe, data: bytes, **options: Any) -> list[Any]:
    views, outputs = fp.render(data, recipe, return_outputs=True, **options)
    return [
        *views,
        outputs["scale"][0],
        *(outputs[name][2] for name in ("own_key", "is_even", "mask")),
    ]


@pytest.mark.parametrize("on_error", ["raise", "report"])
def test_outputs_of_operations_follow_the_views(ours: Any, on_error: str) -> None:
    recipe = _recipe_with_ops()

    def define() -> Any:
        ids = ids_node(IDS)
        return fn.fastpass.multi_crop(
            bytes_node(FILES), ids, recipe=ours.recipe(recipe), epoch=3, seed=1, on_error=on_error
        )

    made = outputs(pipeline(define, batch_size=len(FILES)))
    assert len(made) == 7 + (on_error == "report")
    for sample, (data, sample_id) in enumerate(zip(FILES, IDS, strict=True)):
        wanted = _wanted_with_ops(recipe, data, seed=1, epoch=3, sample_id=sample_id)
        for got, want in zip(made[:7], wanted, strict=True):
            assert got[sample].dtype == want.dtype
            assert np.array_equal(got[sample], want)


def test_operations_in_dynamic_mode(ours: Any) -> None:
    import nvidia.dali.experimental.dynamic as ndd

    recipe = _recipe_with_ops()
    made = ndd.fastpass.multi_crop(
        ndd.batch(arrays(FILES[:2])), recipe=ours.recipe(recipe), epoch=0, seed=1
    )
    for sample in range(2):
        wanted = _wanted_with_ops(recipe, FILES[sample], seed=1, sample_id=sample)
        for got, want in zip(made, wanted, strict=True):
            assert np.array_equal(np.asarray(got.tensors[sample]), want)


def test_an_operation_that_raises_is_named_by_dali(ours: Any) -> None:
    pytest.importorskip("numba")
    from support.view_operations import write_beyond

    text = ours.recipe(fp.Recipe("mine", (fp.ViewSpec(size=16, ops=(write_beyond,)),)))
    made = pipeline(
        lambda: fn.fastpass.multi_crop(bytes_node(FILES), recipe=text, epoch=0, seed=0),
        batch_size=len(FILES),
    )
    with pytest.raises(
        RuntimeError, match=r"fastpass\.BadViewOp: sample 0 .*view 0, view_op .*IndexError"
    ):
        outputs(made)


def test_an_operation_of_another_process_is_named_by_dali(ours: Any) -> None:
    text = ours.recipe(_recipe_with_ops()).replace("@", "@0")
    with pytest.raises(Exception, match="was not made in this process"):
        pipeline(
            lambda: fn.fastpass.multi_crop(bytes_node(FILES), recipe=text, epoch=0, seed=0),
            batch_size=1,
        )
