"""fastpass inside NVIDIA DALI (docs/feed.md shows how).

With a C++ compiler, ``enable()`` adds the operators ``fn.fastpass.decode`` and
``fn.fastpass.multi_crop``. Without one, ``external_source()`` takes a loader's batches.
"""

from fastpass.feed.dali_operators import enable, faults, recipe
from fastpass.feed.dali_source import LoaderNodes, external_source

__all__ = ["LoaderNodes", "enable", "external_source", "faults", "recipe"]
