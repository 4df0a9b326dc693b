"""curate: which images? Near duplicates by their hashes, groups of them, filters of the user.

First in the flow of data, last in the order of imports: it may use pack and decode, and nothing but
the command line uses it.
"""

from fastpass.curate.filter import ImageFilter, ImageStatistics, image_filter, image_statistics
from fastpass.curate.hashes import Hashes, hash_images
from fastpass.curate.search import (
    CodeFile,
    Components,
    HammingIndex,
    Pairs,
    cluster,
    diameters,
    keep_ranks,
)

__all__ = [
    "CodeFile",
    "Components",
    "HammingIndex",
    "Hashes",
    "ImageFilter",
    "ImageStatistics",
    "Pairs",
    "cluster",
    "diameters",
    "hash_images",
    "image_filter",
    "image_statistics",
    "keep_ranks",
]
