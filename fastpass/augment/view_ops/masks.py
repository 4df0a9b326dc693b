"""Which patches of a view a model is not to see: masks over the grid of patches, True is masked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fastpass.augment.operation import view_op
from fastpass.augment.view_random import random_below, random_unit

_TRIES = 10  # for a block
_DRAWS_PER_TRY = 4


def patch_grid(size: int, params: Mapping[str, Any]) -> tuple[int, int]:
    """Rows and columns of whole patches."""
    return max(1, size // params["patch"]), max(1, size // params["patch"])


def _four_grids(size: int, params: Mapping[str, Any]) -> tuple[int, int, int]:
    return (4, *patch_grid(size, params))


@view_op(outputs={"mask": (patch_grid, "bool")}, check_bounds=False)
def random_mask(view: Any, key: int, mask: Any, patch: int = 16, share: float = 0.75) -> None:
    """Masks exactly ``int(share * patches)`` of the patches, all sets alike (MAE, He et al. 2022).

    Patch i of those still to be decided takes the draw i.
    """
    rows, columns = mask.shape
    wanted, left = int(share * rows * columns), rows * columns
    for place in range(rows * columns):
        # Selection sampling: each patch with the probability that keeps all sets alike.
        is_masked = random_below(key, place, left) < wanted
        mask[place // columns, place % columns] = is_masked
        wanted -= is_masked
        left -= 1


@view_op(outputs={"mask": (patch_grid, "bool")}, check_bounds=False)
def block_mask(
    view: Any,
    key: int,
    mask: Any,
    patch: int = 16,
    probability: float = 0.5,
    share: tuple[float, float] = (0.1, 0.5),
    ratio: tuple[float, float] = (0.3, 1 / 0.3),
) -> None:
    """Masks blocks until a drawn share of the patches is masked (BEiT, iBOT, DINOv2).

    With ``1 - probability`` nothing is masked. share: uniform; ratio: of a block, height / width,
    log-uniform. As BEiT's MaskingGenerator: a block has at least 4 patches, adds at least one, and
    never more than are still wanted; ten failed tries end the search. Draw 0: whether; 1: the
    share; then four for each try.
    """
    if random_unit(key, 0) >= probability:
        return
    rows, columns = mask.shape
    wanted = int((share[0] + (share[1] - share[0]) * random_unit(key, 1)) * rows * columns)
    masked, draw = 0, 2
    while masked < wanted:
        added = 0
        for _ in range(_TRIES):
            top, left, height, width = _drawn_block(
                key, draw, rows, columns, min(4.0, wanted - masked), wanted - masked, ratio
            )
            draw += _DRAWS_PER_TRY
            block = mask[top : top + height, left : left + width]
            fresh = block.size - block.sum()
            if 0 < fresh <= wanted - masked:
                block[:] = True
                added = fresh
                break
        if added == 0:
            return
        masked += added


@view_op(
    outputs={"targets": (_four_grids, "bool"), "context": (patch_grid, "bool")}, check_bounds=False
)
def jepa_blocks(
    view: Any,
    key: int,
    targets: Any,
    context: Any,
    patch: int = 16,
    target_scale: tuple[float, float] = (0.15, 0.2),
    target_ratio: tuple[float, float] = (0.75, 1.5),
    context_scale: tuple[float, float] = (0.85, 1.0),
) -> None:
    """Four target blocks, and a context without them (I-JEPA, Assran et al. 2023); True: in it.

    Scales are of the view's area, uniform; the context is a square before the targets are taken
    out. The targets of a view differ in size, those of the paper's code are equal in a batch.
    Block i, the context last, takes the draws 4 i on.
    """
    rows, columns = context.shape
    area = rows * columns
    for i in range(4):
        top, left, height, width = _drawn_block(
            key, 4 * i, rows, columns, target_scale[0] * area, target_scale[1] * area, target_ratio
        )
        targets[i, top : top + height, left : left + width] = True
    top, left, height, width = _drawn_block(
        key, 16, rows, columns, context_scale[0] * area, context_scale[1] * area, (1.0, 1.0)
    )
    context[top : top + height, left : left + width] = True
    for i in range(4):
        for y in range(rows):
            for x in range(columns):
                if targets[i, y, x]:
                    context[y, x] = False


def _drawn_block(
    key: int,
    draw: int,
    rows: int,
    columns: int,
    least: float,
    most: float,
    ratio: tuple[float, float],
) -> tuple[int, int, int, int]:
    """(top, left, height, width) in patches, at least 1 x 1, within the grid."""
    area = least + (most - least) * random_unit(key, draw)
    low, high = math.log(ratio[0]), math.log(ratio[1])
    aspect = math.exp(low + (high - low) * random_unit(key, draw + 1))
    height = min(max(1, int(math.floor(math.sqrt(area * aspect) + 0.5))), rows)  # noqa: RUF046
    width = min(max(1, int(math.floor(math.sqrt(area / aspect) + 0.5))), columns)  # noqa: RUF046
    top = random_below(key, draw + 2, rows - height + 1)
    left = random_below(key, draw + 3, columns - width + 1)
    return top, left, height, width
