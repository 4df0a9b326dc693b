"""How images are stored: folders and tar shards, read in place, with a sidecar index."""

from fastpass.pack.index import IndexReport, build_index
from fastpass.pack.keep_list import keep_list_bytes, read_keep_list
from fastpass.pack.reader import Pack
from fastpass.pack.writer import PackReport, pack_folder

__all__ = [
    "IndexReport",
    "Pack",
    "PackReport",
    "build_index",
    "keep_list_bytes",
    "pack_folder",
    "read_keep_list",
]
