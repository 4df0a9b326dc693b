"""What a user may name as the source of a pack, and which files that means (docs/pack.md)."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastpass._native import core
from fastpass.errors import BadArgument, BadPack, ReadFailed
from fastpass.pack.braces import expand_braces
from fastpass.pack.classes import CLASSES_FILE

PathLike = str | os.PathLike[str]
Source = PathLike | Sequence[PathLike]

CONTAINERS = (".tar", ".beton")  # files that hold images

_LONGEST_PATH = 4096  # Linux takes none that is longer
_SHOWN = 3  # of many names in a message


@dataclass(frozen=True)
class Part:
    """A tar, or the root of a tree of images."""

    path: str
    layout: str = ""  # empty: its files decide
    left_out: dict[str, list[str]] = field(default_factory=dict)  # beside it: reason -> paths


def find_parts(source: Source, layout: str | None = None) -> list[Part]:
    """The tars and image folders that ``source`` names, in a fixed order.

    Raises ``BadPack`` where nothing matches, where something is named twice, and where a folder
    holds both tars and images in a way that can be read as either.
    """
    if isinstance(source, str | bytes | os.PathLike):
        given = [_text_of(source)]
    else:
        given = [_text_of(part) for part in _listed(source)]
    if not given:
        raise BadArgument("the source is an empty list: a pack needs at least one path")
    parts = [part for one in given for path in _matches(one) for part in _parts_at(path, layout)]
    seen: dict[str, str] = {}
    for part in parts:
        real = os.path.realpath(part.path)
        if real in seen:
            raise BadPack(f"{seen[real]!r} and {part.path!r} are the same: name it once")
        seen[real] = part.path
    return parts


def expand(source: Source) -> list[str]:
    """The paths of ``find_parts``."""
    return [part.path for part in find_parts(source)]


def _listed(source: Sequence[PathLike]) -> list[PathLike]:
    if isinstance(source, bytearray | memoryview):
        raise BadArgument(f"the source is {len(source)} bytes, wanted a path or a list of paths")
    try:
        return list(source)
    except TypeError as error:
        kind = type(source).__name__
        raise BadArgument(f"the source is a {kind}, wanted a path or a list of paths") from error


def _text_of(path: PathLike) -> str:
    try:
        text = os.fspath(path)
    except TypeError as error:
        kind = type(path).__name__
        raise BadArgument(f"the source is a {kind}, wanted a path or a list of paths") from error
    if isinstance(text, bytes):
        if text[:2] == b"\xff\xd8" or b"\0" in text or len(text) > _LONGEST_PATH:
            raise BadArgument(f"the source holds {len(text)} bytes of a file, wanted its path")
        text = os.fsdecode(text)
    if not text or "\0" in text:
        raise BadArgument(f"the source {_shortened(text)} is no path")
    return text


def _shortened(text: str) -> str:
    return repr(text) if len(text) <= 200 else f"{text[:200]!r}... ({len(text)} characters)"


# ---- patterns -----------------------------------------------------------------------------------


def _matches(path: str) -> list[str]:
    if os.path.exists(path):
        return [path]
    home = os.path.expanduser(path)
    if os.path.exists(home):
        return [home]
    names = expand_braces(home)
    found = [_glob(name) if glob.has_magic(name) else [name] for name in names]
    missing = [
        name
        for name, files in zip(names, found, strict=True)
        if not files or not all(map(os.path.exists, files))
    ]
    if missing and len(names) == 1:
        kind = "no file matches this pattern" if glob.has_magic(home) else "no such file or folder"
        raise BadPack(f"{_shortened(path)}: {kind}")
    if missing:
        some = ", ".join(map(repr, missing[:_SHOWN])) + (", ..." if len(missing) > _SHOWN else "")
        raise BadPack(f"{path!r}: {len(missing)} of {len(names)} are not there: {some}")
    return list(dict.fromkeys(file for files in found for file in files))


def _glob(pattern: str) -> list[str]:
    """Without what lies beside tars and is none: indexes, and the names of classes."""
    matches = sorted(glob.glob(pattern, recursive=True))
    ours = (".fpi", "/" + CLASSES_FILE)
    return [match for match in matches if not match.endswith(ours) and match != CLASSES_FILE]


# ---- folders ------------------------------------------------------------------------------------


def tars_in(folder: PathLike) -> list[str]:
    """The visible ``*.tar`` and ``*.beton`` files directly in ``folder``, sorted by name."""
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.lower().endswith(CONTAINERS) and e.is_file()]
    return [os.path.join(folder, name) for name in sorted(names) if not name.startswith(".")]


def _parts_at(path: str, layout: str | None) -> list[Part]:
    reading = "" if layout in (None, "tars") else layout
    assert reading is not None
    if not os.path.isdir(path):
        return [Part(path, reading)]
    try:
        tars = tars_in(path)
    except OSError as error:
        raise ReadFailed(f"cannot list {path!r}: {error.strerror}") from error
    if layout == "tars" and not tars:
        raise BadPack(f"{path!r}: a folder without tars or .beton files, where these are wanted")
    if not tars:
        return [Part(path, reading)]
    if layout in ("tars", "webdataset"):
        return [Part(tar, reading) for tar in tars]
    in_root, below, num_folders = core.survey_folder(os.fsencode(path))
    if reading:  # it is that of the tars where there is nothing else to read
        return [Part(path, reading)] if in_root + below else [Part(t, reading) for t in tars]
    return _decide(path, tars, in_root, below, num_folders)


def _decide(path: str, tars: list[str], in_root: int, below: int, num_folders: int) -> list[Part]:
    """Rules 1, 5 and 7 of docs/pack.md, for a folder that holds tars."""
    are_tars_left_out = num_folders >= 2 and len(tars) < num_folders
    if below == 0 and in_root < len(tars):
        images = {"image in the root": _root_images(path)} if in_root else {}
        return [Part(tars[0], left_out=images), *(Part(tar) for tar in tars[1:])]
    if are_tars_left_out:
        return [Part(path)]
    names = ", ".join(os.path.basename(tar) for tar in tars[:_SHOWN])
    names += ", ..." if len(tars) > _SHOWN else ""
    num_betons = sum(tar.lower().endswith(".beton") for tar in tars)
    counts = ((len(tars) - num_betons, "tar"), (num_betons, ".beton file"))
    held = " and ".join(_counted(number, name) for number, name in counts if number)
    files = "files" if num_betons else "tars"
    kind, word = ("an image folder", "image_folder") if num_folders else ("a folder", "folder")
    raise BadPack(
        f"{path!r} holds {held} ({names}) and {_counted(in_root + below, 'image')}, so it can be "
        f"read in two ways: as {files} (layout='tars'), or as {kind} (layout={word!r}, the "
        f"{files} left out); say which with layout="
    )


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _root_images(path: str) -> list[str]:
    endings = tuple("." + ending for ending in core.IMAGE_EXTENSIONS)
    names = sorted(os.listdir(path))
    return [n for n in names if n.lower().endswith(endings) and not n.startswith(".")]


# ---- names --------------------------------------------------------------------------------------


def shard_names(paths: Sequence[str]) -> list[str]:
    """The shortest ends of the paths that tell them apart, without ``.tar`` or ``.beton``."""
    split = [_without_tar(os.path.abspath(path)).strip("/").split("/") for path in paths]
    names = [parts[-1] for parts in split]
    depth = 1
    while len(set(names)) < len(names) and depth < max(map(len, split)):
        depth += 1
        counts: dict[str, int] = {}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        names = [
            "/".join(parts[-depth:]) if counts[name] > 1 else name
            for name, parts in zip(names, split, strict=True)
        ]
    if len(set(names)) < len(names):  # x.tar beside the folder x
        names = [os.path.abspath(path) for path in paths]
    return names


def _without_tar(path: str) -> str:
    for ending in CONTAINERS:
        if path.lower().endswith(ending):
            return path[: -len(ending)]
    return path
