"""The operations that come with fastpass, against torchvision's and by what defines them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

import fastpass as fp
from fastpass.augment.view_ops import geometry
from fastpass.augment.view_ops.erasing import erased_box

SIZE = 64
IMAGE = np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
KEYS = [int(key) for key in np.random.default_rng(2).integers(0, 2**63, 400)]


def _spec(*ops: fp.ViewOp, size: int = SIZE) -> fp.ViewSpec:
    """The picture as it is, and the operations."""
    return fp.ViewSpec(size=size, crop="center", resize=size, flip=0.0, ops=ops)


def _outputs(op: fp.ViewOp, name: str, count: int, size: int = SIZE) -> np.ndarray[Any, Any]:
    """[count, ...] of as many samples."""
    recipe = fp.Recipe("one", (_spec(op, size=size),))
    made = [
        fp.render(IMAGE, recipe, seed=0, sample_id=i, return_outputs=True)[1][name][0]
        for i in range(count)
    ]
    return np.stack(made)


def _ks_distance(first: Any, second: Any) -> float:
    """The largest difference between two empirical distribution functions."""
    both = np.sort(np.concatenate([first, second]))
    shares = [np.searchsorted(np.sort(v), both, side="right") / len(v) for v in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


# ---- random erasing ------------------------------------------------------------------------------


class _TorchWithDraws:
    """torch, as far as RandomErasing draws from it, with the numbers of a key."""

    def __init__(self, key: int) -> None:
        import torch

        self._torch, self._key, self._draw, self._try = torch, key, 1, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)

    def empty(self, *_: Any, **__: Any) -> Any:
        return self

    def uniform_(self, low: Any, high: Any) -> Any:
        if self._draw % 4 == 3:  # the try before has failed: the next one has numbers of its own
            self._draw += 2
        unit = fp.random_unit(self._key, self._draw)
        self._draw += 1
        low, high = float(low), float(high)
        return self._torch.tensor(low + (high - low) * unit, dtype=self._torch.float64)

    def randint(self, low: int, high: int, size: Any) -> Any:
        assert low == 0
        place = fp.random_below(self._key, self._draw, high)
        self._draw += 1
        return self._torch.tensor([place])


@pytest.mark.parametrize("value", [(0.0, 0.0, 0.0), (1.0, -0.5, 0.25)])
def test_random_erasing_gives_torchvisions_pixels(
    value: tuple[float, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    v2 = pytest.importorskip("torchvision.transforms.v2")
    from torchvision.transforms.v2 import _augment

    scale, ratio = (0.02, 0.9), (0.1, 3.3)  # with tries that fail
    ours = fp.view_ops.random_erasing.with_params(
        probability=1.0, scale=scale, ratio=ratio, value=value
    )
    tell = fp.view_op(outputs={"own_key": ((2,), "int64")})(_tell_first_key)
    recipe = fp.Recipe("one", (_spec(ours, tell),))
    plain = torch.from_numpy(fp.render(IMAGE, fp.Recipe("one", (_spec(),)), seed=0)[0])
    theirs = v2.RandomErasing(p=1.0, scale=scale, ratio=ratio, value=list(value))
    for sample_id in range(40):
        key = _first_key(sample_id)
        with monkeypatch.context() as patched:
            patched.setattr(_augment, "torch", _TorchWithDraws(key))
            params = theirs.make_params([plain])
        expected = theirs.transform(plain.clone(), params)
        got = fp.render(IMAGE, recipe, seed=0, sample_id=sample_id)[0]
        assert np.array_equal(got, expected.numpy())


def _tell_first_key(view: Any, key: int, own_key: Any) -> None:
    own_key[0] = key >> 32
    own_key[1] = key & 0xFFFFFFFF


def _first_key(sample_id: int) -> int:
    """That of the operation at place 0 of view 0."""
    tell = fp.view_op(outputs={"own_key": ((2,), "int64")})(_tell_first_key)
    recipe = fp.Recipe("one", (_spec(tell),))
    _, outputs = fp.render(IMAGE, recipe, seed=0, sample_id=sample_id, return_outputs=True)
    high, low = outputs["own_key"][0].tolist()
    return int(high << 32 | low)


def test_random_erasing_has_torchvisions_distribution() -> None:
    torch = pytest.importorskip("torch")
    v2 = pytest.importorskip("torchvision.transforms.v2")
    torch.manual_seed(0)
    theirs = v2.RandomErasing(p=1.0)
    image = torch.zeros(3, 224, 160)
    drawn = [theirs.make_params([image]) for _ in KEYS]
    scale, ratio = theirs.scale, theirs.ratio
    boxes = np.array([erased_box(key, 224, 160, scale, ratio) for key in KEYS])
    expected = np.array([[params[name] for name in "ijhw"] for params in drawn])
    for column in range(4):
        # 400 against 400: 0.136 is exceeded once in a thousand times
        assert _ks_distance(boxes[:, column], expected[:, column]) < 0.136


def test_random_erasing_is_applied_with_its_probability_and_with_noise() -> None:
    plain = fp.render(IMAGE, fp.Recipe("one", (_spec(),)), seed=0)[0]
    rare = fp.view_ops.random_erasing.with_params(probability=0.25, noise=True)
    recipe = fp.Recipe("one", (_spec(rare),))
    views = [fp.render(IMAGE, recipe, seed=0, sample_id=i)[0] for i in range(400)]
    erased = [view[view != plain] for view in views]
    assert 70 < sum(len(values) > 0 for values in erased) < 130
    values = np.concatenate(erased)
    assert abs(values.mean()) < 0.02
    assert abs(values.std() - 1) < 0.02


# ---- RandAugment's geometry ----------------------------------------------------------------------

NAMES = {
    geometry.IDENTITY: "Identity",
    geometry.SHEAR_X: "ShearX",
    geometry.SHEAR_Y: "ShearY",
    geometry.TRANSLATE_X: "TranslateX",
    geometry.TRANSLATE_Y: "TranslateY",
    geometry.ROTATE: "Rotate",
}


@pytest.mark.parametrize("fill", [(0, 0, 0), (10, 200, 90)])
def test_rand_augment_gives_torchvisions_pixels_of_pil_images(fill: tuple[int, ...]) -> None:
    v2 = pytest.importorskip("torchvision.transforms.v2")
    from torchvision.transforms import InterpolationMode

    theirs = v2.RandAugment()
    seen = set()
    for magnitude in (9, 30):
        op = fp.view_ops.rand_augment_geometry.with_params(magnitude=magnitude, fill=fill)
        recipe = fp.Recipe("one", (_spec(op),))
        for sample_id in range(30):
            key = _first_key(sample_id)
            picture = Image.fromarray(IMAGE)
            for place in range(2):
                name = NAMES[fp.random_below(key, 2 * place, 6)]
                is_negative = fp.random_unit(key, 2 * place + 1) < 0.5
                seen.add((name, is_negative))
                of_bins, is_signed = theirs._AUGMENTATION_SPACE[name]
                bins = of_bins(31, SIZE, SIZE)
                amount = 0.0 if bins is None else float(bins[magnitude])
                assert is_signed or name == "Identity"
                picture = theirs._apply_image_or_video_transform(
                    picture,
                    name,
                    -amount if is_negative else amount,
                    interpolation=InterpolationMode.NEAREST,
                    fill={type(picture): list(fill)},
                )
            got = fp.render(IMAGE, recipe, seed=0, sample_id=sample_id, normalize=False)[0]
            pixels = np.rint(got.transpose(1, 2, 0) * 255).astype(np.uint8)
            assert np.array_equal(pixels, np.asarray(picture)), (name, amount)
    assert len(seen) == 12


# ---- masks ---------------------------------------------------------------------------------------


def test_random_masks_have_their_share_and_treat_all_patches_alike() -> None:
    masks = _outputs(fp.view_ops.random_mask.with_params(share=0.4), "mask", 600, size=96)
    assert masks.shape == (600, 6, 6)
    assert masks.dtype == np.bool_
    assert set(masks.sum(axis=(1, 2))) == {14}
    often = masks.mean(axis=0)
    assert np.abs(often - 14 / 36).max() < 4.5 * math.sqrt(14 / 36 * 22 / 36 / 600)
    pairs = (masks[:, 0, 0] & masks[:, 0, 1]).mean()
    assert abs(pairs - 14 / 36 * 13 / 35) < 0.07


def test_block_masks_are_beits() -> None:
    masks = _outputs(fp.view_ops.block_mask, "mask", 600, size=224)
    counts = masks.sum(axis=(1, 2))
    assert 240 < np.count_nonzero(counts == 0) < 360
    shares = counts[counts > 0] / 196
    assert shares.max() <= 0.5
    # A share is uniform on [0.1, 0.5]; the search may end a few patches before it is reached.
    witness = [_beit_mask(np.random.default_rng(i), 0.1 + 0.4 * i / 300).mean() for i in range(300)]
    assert _ks_distance(shares, np.array(witness)) < 0.16
    blocky = masks[:, :, 1:] == masks[:, :, :-1]
    assert blocky[counts > 0].mean() > 0.85  # single patches at 0.3: below 0.6


def _beit_mask(rng: np.random.Generator, share: float) -> np.ndarray[Any, Any]:
    """Written from the paper's algorithm 1, as a second opinion."""
    mask = np.zeros((14, 14), bool)
    wanted = int(share * 196)
    while mask.sum() < wanted:
        for _ in range(10):
            left_over = wanted - mask.sum()
            area = rng.uniform(min(4, left_over), left_over)
            aspect = np.exp(rng.uniform(np.log(0.3), np.log(1 / 0.3)))
            height, width = (round(float(np.sqrt(area * a))) for a in (aspect, 1 / aspect))
            height, width = min(max(height, 1), 14), min(max(width, 1), 14)
            top, left = rng.integers(0, 15 - height), rng.integers(0, 15 - width)
            fresh = (~mask[top : top + height, left : left + width]).sum()
            if 0 < fresh <= left_over:
                mask[top : top + height, left : left + width] = True
                break
        else:
            return mask
    return mask


def test_jepas_context_leaves_its_four_targets_out() -> None:
    recipe = fp.Recipe("one", (_spec(fp.view_ops.jepa_blocks, size=224),))
    for sample_id in range(50):
        _, outputs = fp.render(IMAGE, recipe, seed=0, sample_id=sample_id, return_outputs=True)
        targets, context = outputs["targets"][0], outputs["context"][0]
        assert (targets.shape, context.shape) == ((4, 14, 14), (14, 14))
        assert not (targets & context).any()
        for target in targets:
            rows, columns = np.flatnonzero(target.any(axis=1)), np.flatnonzero(target.any(axis=0))
            assert target[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
            assert 0.1 < target.mean() < 0.25
            assert 0.6 < len(rows) / len(columns) < 1.8
        whole = context | targets.any(axis=0)
        assert whole.mean() > 0.7


# ---- mixup ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_mixup_weights_have_torchvisions_distribution(alpha: float) -> None:
    torch = pytest.importorskip("torch")
    v2 = pytest.importorskip("torchvision.transforms.v2")
    torch.manual_seed(1)
    theirs = v2.MixUp(alpha=alpha, num_classes=2)
    expected = [theirs.make_params([])["lam"] for _ in range(2000)]
    weights = _outputs(fp.view_ops.mixup_weight.with_params(alpha=alpha), "mixup_weight", 2000)
    assert 0 <= weights.min() <= weights.max() <= 1
    assert _ks_distance(weights[:, 0], np.array(expected)) < 0.062  # once in a thousand times
