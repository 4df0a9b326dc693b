"""curate: which images? Near duplicates found by their hashes, groups of them, what is kept."""

from fastpass.curate.cluster import Components, cluster, diameters, keep_ranks
from fastpass.curate.code_file import CodeFile
from fastpass.curate.hamming_index import HammingIndex, Pairs

__all__ = ["CodeFile", "Components", "HammingIndex", "Pairs", "cluster", "diameters", "keep_ranks"]
