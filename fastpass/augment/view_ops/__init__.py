"""Operations for ``ViewSpec.ops``, to use and to learn from."""

from fastpass.augment.view_ops.erasing import random_erasing
from fastpass.augment.view_ops.geometry import rand_augment_geometry
from fastpass.augment.view_ops.masks import block_mask, jepa_blocks, random_mask
from fastpass.augment.view_ops.mixing import mixup_weight

__all__ = [
    "block_mask",
    "jepa_blocks",
    "mixup_weight",
    "rand_augment_geometry",
    "random_erasing",
    "random_mask",
]
