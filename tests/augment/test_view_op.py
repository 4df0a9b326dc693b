"""Operations on views that users write: compiled, in Python, in recipes, and what is refused."""

from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from draw_reference import ReferenceDraws, philox4x32_10
from support.view_operations import dim, invert, paint, raise_at_times, tell_key, write_beyond

import fastpass as fp

SIZE = 24
IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


def _recipe(*ops: Any, views: int = 1, size: int = SIZE) -> fp.Recipe:
    return fp.Recipe("mine", (fp.ViewSpec(size=size, ops=ops, flip=0.0),) * views)


def _pixels(recipe: fp.Recipe, **options: Any) -> list[Any]:
    """uint8 [size, size, 3] of each view."""
    views = fp.render(IMAGE, recipe, **{"seed": 1, "normalize": False, **options})
    return [np.rint(view.transpose(1, 2, 0) * 255).astype(np.uint8) for view in views]


# ---- random numbers ------------------------------------------------------------------------------


def test_random_numbers_are_philox_of_the_key() -> None:
    key = 0x0123456789ABCDEF
    for draw in (0, 1, 2, 3, 4, 1001, 2**40 + 3):
        block = draw >> 2
        counter = (block & 0xFFFFFFFF, block >> 32, 0, 0)
        bits = philox4x32_10(counter, (key & 0xFFFFFFFF, key >> 32))[draw & 3]
        assert fp.random_bits(key, draw) == bits
        assert fp.random_unit(key, draw) == bits / 2**32
        assert fp.random_below(key, draw, 10) == bits * 10 >> 32
    normal = [fp.random_normal(key, draw) for draw in range(4000)]
    assert abs(np.mean(normal)) < 0.05
    assert abs(np.std(normal) - 1) < 0.05


def test_the_key_follows_from_seed_epoch_sample_view_and_place() -> None:
    recipe = fp.Recipe("keys", (fp.ViewSpec(size=8), fp.ViewSpec(size=8, ops=(invert, tell_key))))
    _, outputs = fp.render(IMAGE, recipe, seed=3, epoch=5, sample_id=-7, return_outputs=True)
    draws = ReferenceDraws(3, 5, -7, 1)
    key = draws.bits(2**17 + 2) | draws.bits(2**17 + 3) << 32
    assert outputs["own_key"][1].tolist() == [key >> 1]
    assert outputs["is_even"][1].tolist() == [key % 2 == 0]
    assert list(outputs["own_key"]) == [1]


# ---- what operations do --------------------------------------------------------------------------


def test_pixels_are_changed_in_place_behind_all_other_steps() -> None:
    solarized = fp.ViewSpec(size=SIZE, solarize=1.0, jitter=fp.Jitter(), blur=fp.Blur(1.0))
    plain = fp.Recipe("plain", (solarized,))
    changed = fp.Recipe("plain", (fp.ViewSpec(**{**_fields(solarized), "ops": (invert,)}),))
    assert np.array_equal(_pixels(changed)[0], 255 - _pixels(plain)[0])


def _fields(spec: fp.ViewSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__dataclass_fields__}


def test_normalized_values_are_changed_and_outputs_filled() -> None:
    views, outputs = fp.render(IMAGE, _recipe(dim, views=2), seed=1, return_outputs=True)
    plain = fp.render(IMAGE, _recipe(views=2), seed=1)
    scales = [outputs["scale"][view] for view in (0, 1)]
    assert all(scale.dtype == np.float32 and scale.shape == (2, 1) for scale in scales)
    assert scales[0][1, 0] != scales[1][1, 0]
    for view, before, scale in zip(views, plain, scales, strict=True):
        assert scale[0, 0] == 0
        assert np.array_equal(view, before * scale[1, 0])


def test_operations_run_in_their_order_and_pixels_before_values() -> None:
    first = _pixels(_recipe(paint, invert))[0]
    second = _pixels(_recipe(invert, paint))[0]
    assert np.count_nonzero((first == 255 - 7).all(axis=2)) >= 4
    assert np.count_nonzero((second == 7).all(axis=2)) >= 4
    views, outputs = fp.render(IMAGE, _recipe(dim, invert), seed=1, return_outputs=True)
    inverted = fp.render(IMAGE, _recipe(invert), seed=1)
    assert np.array_equal(views[0], inverted[0] * outputs["scale"][0][1, 0])


def test_python_does_the_same(caplog: pytest.LogCaptureFixture) -> None:
    ops = (paint, dim, tell_key)
    with caplog.at_level(logging.WARNING, "fastpass"):
        in_python = _recipe(*(op.in_python() for op in ops), size=25)
        views, outputs = fp.render(IMAGE, in_python, seed=2, return_outputs=True)
    assert "support.view_operations:paint runs in Python under the GIL" in caplog.text
    compiled, of_compiled = fp.render(IMAGE, _recipe(*ops, size=25), seed=2, return_outputs=True)
    assert np.array_equal(views[0], compiled[0])
    assert outputs.keys() == of_compiled.keys() == {"scale", "own_key", "is_even"}
    for name, of_views in outputs.items():
        assert np.array_equal(of_views[0], of_compiled[name][0])


def test_params_have_other_values() -> None:
    seven = _pixels(_recipe(paint))[0]
    nine = _pixels(_recipe(paint.with_params(level=9)))[0]
    changed = (seven != nine).all(axis=2)
    assert changed.sum() == 4
    assert (nine[changed] == 9).all()
    for changes, message in (
        ({"lvl": 1}, "no parameter 'lvl'; it has level"),
        ({"level": 1.5}, "int"),
    ):
        with pytest.raises(fp.BadArgument, match=message):
            paint.with_params(**changes)


def test_one_function_may_be_two_operations() -> None:
    def fill(view: Any, key: int, a: Any) -> None:
        a[:] = view.shape[0]

    recipe = _recipe(fp.view_op(outputs={"a": ((2,), "int32")})(fill))
    other = _recipe(fp.view_op(normalized=True, outputs={"a": ((3, 1), "float32")})(fill))
    assert recipe != other
    for made, wanted in ((recipe, [SIZE] * 2), (other, [[3.0]] * 3)):
        _, outputs = fp.render(IMAGE, made, seed=0, return_outputs=True)
        assert outputs["a"][0].tolist() == wanted


def test_a_closure_and_a_shape_by_size_are_compiled() -> None:
    offset = 3

    def plus(value: int) -> int:
        return value + offset

    @fp.view_op(outputs={"grid": (lambda size, params: (size // params["cell"],), "int32")})
    def fill(view: Any, key: int, grid: Any, cell: int = 8) -> None:
        for i in range(grid.size):
            grid[i] = plus(i)

    recipe = fp.Recipe(
        "two", (fp.ViewSpec(size=24, ops=(fill,)), fp.ViewSpec(size=16, ops=(fill,)))
    )
    _, outputs = fp.render(IMAGE, recipe, seed=0, return_outputs=True)
    assert outputs["grid"][0].tolist() == [3, 4, 5]
    assert outputs["grid"][1].tolist() == [3, 4]
    assert copy.deepcopy(recipe) == recipe
    with pytest.raises(fp.BadViewOp, match="defined inside a function"):
        pickle.dumps(recipe)


def test_render_tensors_runs_them_too() -> None:
    torch = pytest.importorskip("torch")
    images = [torch.from_numpy(IMAGE)]
    (views,) = fp.render_tensors(images, _recipe(invert), seed=4, sample_ids=[9])
    expected = fp.render(IMAGE, _recipe(invert), seed=4, sample_id=9, mode="exact")[0]
    assert np.array_equal(views[0].numpy(), expected)
    with pytest.raises(fp.BadArgument, match="render_tensors does not return"):
        fp.render_tensors(images, _recipe(dim), seed=4, sample_ids=[9])


# ---- recipes -------------------------------------------------------------------------------------


def test_recipes_keep_them_in_files(tmp_path: Path) -> None:
    recipe = _recipe("support.view_operations:paint", dim, paint.with_params(level=9), views=2)
    fp.recipes.save(recipe, tmp_path / "mine.toml")
    assert fp.recipes.load(tmp_path / "mine.toml") == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert recipe.views[0].ops[0] == paint != recipe.views[0].ops[2]


def test_recipes_without_any_are_as_they_were() -> None:
    assert "ops" not in fp.recipes.dino().to_dict()["views"][0]


def test_files_name_them_and_their_params(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[[views]]\nsize = 24\nops = ["support.view_operations:invert"]\n'
        "[[views]]\nsize = 24\n"
        '[[views.ops]]\nname = "support.view_operations:paint"\nparams = { level = 3 }\n'
    )
    views = fp.recipes.load(tmp_path / "mine.toml").views
    assert [view.ops for view in views] == [(invert,), (paint.with_params(level=3),)]


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("nothing", "wanted 'module:function'"),
        ("no_such_module:paint", "importing no_such_module failed.*PYTHONPATH"),
        ("support.view_operations:corner", "decorated with @fastpass.view_op"),
        ({"name": "support.view_operations:paint", "source": "0123"}, "has changed"),
        ({"name": "support.view_operations:paint", "parms": {}}, "unknown key parms"),
        (7, "wanted 'module:function' or a table"),
    ],
)
def test_files_that_name_none_are_refused(op: Any, message: str) -> None:
    with pytest.raises(fp.ConfigError, match=message):
        fp.Recipe.from_dict({"name": "mine", "views": [{"size": 8, "ops": [op]}]})


SOURCE = """
import fastpass as fp
LEVEL = {constant}
def helper(key):
    return {helper}
@fp.view_op
def change(view, key):
    view[0, 0, 0] = {body}helper(key) + LEVEL
"""


def test_the_source_is_also_that_of_what_is_declared() -> None:
    def change(view: Any, key: int, a: Any) -> None: ...

    def two(size: int, params: Any) -> tuple[int, ...]:
        return (2,)

    def three(size: int, params: Any) -> tuple[int, ...]:
        return (3,)

    shapes: list[Any] = [((2,), "uint8"), ((3,), "uint8"), ((2,), "bool"), (two, "bool")]
    made = [fp.view_op(outputs={"a": shape})(change) for shape in [*shapes, (three, "bool")]]
    made.append(fp.view_op(normalized=True, outputs={"a": shapes[0]})(change))
    assert len({op.source for op in made}) == len(made)


def test_the_source_is_that_of_all_it_calls_and_names(tmp_path: Path) -> None:
    variants = [
        {},
        {"constant": "2"},
        {"helper": "1"},
        {"body": "2 * "},
    ]
    found = []
    for number, variant in enumerate([*variants, {}]):
        text = SOURCE.format(**{"constant": "1", "helper": "0", "body": "", **variant})
        (tmp_path / f"ops_{number}.py").write_text(text)
        program = f"import ops_{number} as o; print(o.change.source)"
        run = [sys.executable, "-c", program]
        result = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
        found.append(result.stdout.strip())
    assert len(set(found)) == len(variants)
    assert found[0] == found[-1]
    assert len(found[0]) == 16


# ---- refusals ------------------------------------------------------------------------------------


class Thing:
    """Nothing that numba knows."""


THING = Thing()


def test_what_numba_cannot_compile_is_refused_with_its_line() -> None:
    @fp.view_op
    def impossible(view: Any, key: int) -> None:
        view[0, 0, 0] = 1
        THING.run(view)

    line = impossible.function.__code__.co_firstlineno + 3
    with pytest.raises(
        fp.BadViewOp, match=rf"impossible, .*test_view_op.py:{line}: .*THING.*python=True"
    ):
        fp.render(IMAGE, _recipe(impossible), seed=0)


@pytest.mark.parametrize("op", [raise_at_times, raise_at_times.in_python()])
def test_one_that_raises_is_an_error_with_its_words(op: fp.ViewOp) -> None:
    outcomes = []
    for sample_id in range(40):
        try:
            fp.render(IMAGE, _recipe(op), seed=0, sample_id=sample_id)
            outcomes.append(True)
        except fp.BadViewOp as error:
            outcomes.append(False)
            text = str(error)
    assert 20 < sum(outcomes) < 38
    for part in ("view 0", "raise_at_times", "ValueError: one of four", "view_operations.py:"):
        assert part in text


def test_an_index_beyond_the_view_is_an_error() -> None:
    with pytest.raises(fp.BadViewOp, match="view_op support.view_operations:write_beyond: .*Index"):
        fp.render(IMAGE, _recipe(write_beyond), seed=0)
    fp.render(IMAGE, _recipe(invert), seed=0)  # the next one works


def test_without_numba_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    @fp.view_op
    def white(view: Any, key: int) -> None:
        view[:] = 255

    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(fp.MissingBackend, match=r"pip install 'fastpass\[view_op\]'"):
        fp.render(IMAGE, _recipe(white), seed=0)
    assert (_pixels(_recipe(white.in_python()))[0] == 255).all()


def test_functions_of_another_form_are_refused() -> None:
    def no_key(view: Any) -> None: ...
    def no_default(view: Any, key: int, level: int) -> None: ...
    def text(view: Any, key: int, level: str = "a") -> None: ...

    for function in (no_key, no_default, text, len):
        with pytest.raises(fp.BadViewOp):
            fp.view_op(function)  # type: ignore[call-overload]
    with pytest.raises(fp.BadViewOp, match="source text"):
        namespace: dict[str, Any] = {}
        exec("def made(view, key): pass", namespace)
        fp.view_op(namespace["made"])
    with pytest.raises(fp.BadArgument, match="dtype"):
        fp.view_op(outputs={"a": ((1,), "float64")})
    with pytest.raises(fp.BadArgument, match="the shape of the output 'a'"):
        fp.view_op(outputs={"a": ((0,), "int32")})
    with pytest.raises(fp.BadArgument, match="two operations of one view have the output 'scale'"):
        _recipe(dim, dim)
    with pytest.raises(fp.BadArgument, match="@fastpass.view_op"):
        _recipe(len)


def test_on_a_gpu_they_are_refused(gpu: Any) -> None:
    with pytest.raises(fp.MissingBackend, match="paint runs on the CPU only"):
        fp.render(IMAGE, _recipe(paint), seed=0, device="cuda")
    image = pytest.importorskip("torch").from_numpy(IMAGE).to(gpu)
    with pytest.raises(fp.MissingBackend, match="paint runs on the CPU only"):
        fp.render_tensors([image], _recipe(paint), seed=0, sample_ids=[0], device="cuda")
