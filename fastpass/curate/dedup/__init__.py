"""dedup: near duplicates of a whole collection, from files to a list of what to keep.

Puts pack, decode and curate together; knows of no training.
"""

from fastpass.curate.dedup.options import DedupOptions
from fastpass.curate.dedup.run import dedup

__all__ = ["DedupOptions", "dedup"]
