"""search: exact pairs of codes within a Hamming radius, and the groups that pairs make."""

from fastpass.curate.search.cluster import Components, Merged, cluster, diameters, keep_ranks
from fastpass.curate.search.code_file import CodeFile
from fastpass.curate.search.codes import first_equal
from fastpass.curate.search.hamming_index import HammingIndex
from fastpass.curate.search.pairs import Pairs

__all__ = [
    "CodeFile",
    "Components",
    "HammingIndex",
    "Merged",
    "Pairs",
    "cluster",
    "diameters",
    "first_equal",
    "keep_ranks",
]
