"""DALI's operators where something is wrong: a named error, and the next pipeline works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.dali_pipelines import bytes_node, dali, enabled, ids_node, outputs, pipeline
from support.pictures import image_folder, jpeg

import fastpass as fp
from fastpass.augment import recipes

fn, types = dali.fn, dali.types
RECIPE = recipes.dino(global_size=32, local_size=16, num_local_crops=2)
GOOD = [jpeg(seed, 100, 120) for seed in range(4)]
DAMAGED = GOOD[2][: len(GOOD[2]) // 2]
BATCH = [GOOD[0], GOOD[1], DAMAGED, GOOD[3]]


@pytest.fixture(scope="module", autouse=True)
def ours() -> Any:
    return enabled()


def _run(files: list[bytes], **arguments: Any) -> Any:
    from fastpass.feed.dali import recipe

    given = {"recipe": recipe(RECIPE), "epoch": 0, "seed": 0, **arguments}
    define = lambda: fn.fastpass.multi_crop(  # noqa: E731
        bytes_node(files), ids_node([7, 8, 9, 10]), **given
    )
    return outputs(pipeline(define, batch_size=4))


def _fault_of_render() -> fp.CorruptImage:
    with pytest.raises(fp.CorruptImage) as raised:
        fp.render(DAMAGED, RECIPE, seed=0, sample_id=9)
    return raised.value


def test_a_damaged_image_is_named_and_the_next_pipeline_works() -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError) as raised:
            _run(BATCH)
        place = "fastpass.CorruptImage: sample 2 of the batch, sample id 9"
        assert f"{place}: {_fault_of_render()}" in str(raised.value)
        assert f"(byte {_fault_of_render().byte_offset})" in str(raised.value)
        wanted = fp.render(GOOD[2], RECIPE, seed=0, sample_id=9)
        assert np.array_equal(_run(GOOD)[0][2], wanted[0])


def test_the_file_of_a_damaged_image_is_named(ours: Any, tmp_path: Path) -> None:
    root = image_folder(tmp_path, num_classes=1, per_class=3)
    damaged = root / "class_0" / "picture_1.jpg"
    damaged.write_bytes(damaged.read_bytes()[:-200])

    def define() -> Any:
        encoded, _ = fn.readers.file(file_root=str(root))
        return fn.fastpass.multi_crop(encoded, recipe=ours.recipe(RECIPE), epoch=0, seed=0)

    with pytest.raises(RuntimeError, match=r"CorruptImage: sample 1 .*class_0/picture_1\.jpg"):
        outputs(pipeline(define, batch_size=3))


def test_reports_instead_of_an_error(ours: Any) -> None:
    *views, reports = _run(BATCH, on_error="report")
    errors = ours.faults(reports)
    assert [error is None for error in errors] == [True, True, False, True]
    fault = _fault_of_render()
    assert type(errors[2]) is fp.CorruptImage
    assert (str(errors[2]), errors[2].byte_offset) == (str(fault), fault.byte_offset)
    assert not any(view[2].any() for view in views)
    wanted = fp.render(GOOD[3], RECIPE, seed=0, sample_id=10)
    assert all(np.array_equal(view[3], want) for view, want in zip(views, wanted, strict=True))


def test_damage_can_be_filled_in() -> None:
    views = _run(BATCH, on_damage="fill")
    wanted = fp.render(DAMAGED, RECIPE, seed=0, sample_id=9, on_damage="fill")
    assert all(np.array_equal(view[2], want) for view, want in zip(views, wanted, strict=True))


def test_what_is_no_image_at_all() -> None:
    for bad in (b"x" * 50, b"\xff\xd8\xff"):
        with pytest.raises(RuntimeError, match=r"fastpass\.\w+: sample 1 of the batch"):
            _run([GOOD[0], bad, GOOD[2], GOOD[3]])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"recipe": "dinosaur"}, 'recipe = "dinosaur", wanted one of .*dino'),
        ({"epoch": -1}, "epoch = -1, wanted 0 to"),
        ({"dtype": types.FLOAT64}, "dtype = "),
        ({"output_layout": "CWH"}, 'output_layout = "CWH"'),
        ({"on_error": "skip"}, 'on_error = "skip", wanted "raise" or "report"'),
        ({"mode": "slow"}, "mode slow"),
        ({"max_pixels": 10}, r"ImageTooLarge: sample 0 of the batch, sample id 7"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises((RuntimeError, ValueError, TypeError), match=named):
        _run(GOOD, **arguments)


def test_an_operator_without_its_epoch_is_refused_by_dali(ours: Any) -> None:
    with pytest.raises(Exception, match="epoch"):
        pipeline(
            lambda: fn.fastpass.multi_crop(bytes_node(GOOD), recipe="rrc", seed=0), batch_size=4
        )


def test_other_inputs_than_bytes_and_integers_are_refused(ours: Any) -> None:
    def run(encoded: Any, ids: Any) -> None:
        outputs(
            pipeline(
                lambda: fn.fastpass.multi_crop(encoded(), ids(), recipe="rrc", epoch=0, seed=0),
                batch_size=4,
            )
        )

    pixels = lambda: fn.external_source(lambda: [np.zeros((4, 4, 3), np.uint8)] * 4)  # noqa: E731
    floats = lambda: fn.external_source(lambda: [np.float32(1)] * 4)  # noqa: E731
    good = lambda: bytes_node(GOOD)  # noqa: E731
    with pytest.raises(Exception, match="the first input must be encoded bytes"):
        run(pixels, lambda: ids_node([0, 1, 2, 3]))
    with pytest.raises(Exception, match=r"sample ids\) must be one integer"):
        run(good, floats)


def test_reports_of_another_kind_are_refused(ours: Any) -> None:
    with pytest.raises(fp.errors.BadArgument, match="wanted the last output"):
        ours.faults(np.zeros((2, 10), np.uint8))
