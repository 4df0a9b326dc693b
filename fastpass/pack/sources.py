"""What a user may name as the source of a pack, and which files that means."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence

from fastpass.errors import BadArgument, BadPack

PathLike = str | os.PathLike[str]
Source = PathLike | Sequence[PathLike]


def expand(source: Source) -> list[str]:
    """The tars and image folders that ``source`` names, in a fixed order.

    A folder with ``*.tar`` files directly in it stands for these, sorted by name (anything else
    in it is left aside); any other folder is a tree of images. A pattern stands for what it
    matches, sorted. Raises ``BadPack`` where nothing matches.
    """
    if isinstance(source, str | os.PathLike):
        return _expand_one(os.fspath(source))
    try:
        parts = [os.fspath(part) for part in source]
    except TypeError as error:
        kind = type(source).__name__
        raise BadArgument(f"the source is a {kind}, wanted a path or a list of paths") from error
    return [path for part in parts for path in _expand_one(part)]


def _expand_one(path: str) -> list[str]:
    if os.path.isdir(path):
        return tars_in(path) or [path]
    if os.path.exists(path):
        return [path]
    if not glob.has_magic(path):
        raise BadPack(f"{path!r}: no such file or folder")
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise BadPack(f"{path!r}: no file matches this pattern")
    return matches


def tars_in(folder: PathLike) -> list[str]:
    """The visible ``*.tar`` files directly in ``folder``, sorted by name."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(".tar")]
    return [os.path.join(folder, name) for name in sorted(names) if not name.startswith(".")]
