"""Lists of keys in files: what ``keep=`` and ``--keep-list`` take, and what commands write.

One key per line, as a Pack shows it; or one before each zero byte, which is needed where a key
holds a newline. Keys that are not UTF-8 keep their bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from fastpass.errors import BadArgument, ReadFailed

PathLike = str | os.PathLike[str]

_BOM = "\ufeff"  # what Windows puts in front of a text


def read_keep_list(path: PathLike) -> list[str]:
    """The keys in a file, which may be separated by newlines or by zero bytes; no key is empty.

    Raises ``ReadFailed``.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise ReadFailed(f"cannot read {os.fspath(path)!r}: {error.strerror}") from error
    content = content.removeprefix(_BOM.encode())
    if b"\0" in content:
        keys = content.split(b"\0")
    else:
        keys = content.split(b"\n")
        if all(key.endswith(b"\r") for key in keys[:-1]):  # written on Windows
            keys = [key.removesuffix(b"\r") for key in keys]
    return [key.decode("utf-8", "surrogateescape") for key in keys if key]


def keep_list_bytes(keys: Iterable[str], *, zero_bytes: bool = False) -> bytes:
    """What ``read_keep_list`` reads, for a file or a pipe.

    Raises ``BadArgument`` for a key with a newline in it, unless ``zero_bytes`` end the keys.
    """
    end = "\0" if zero_bytes else "\n"
    listed = list(keys)
    for key in listed:
        if end in key:
            raise BadArgument(f"the key {key!r} holds a newline: end keys with zero bytes instead")
    text = "".join(key + end for key in listed)
    if text.startswith(_BOM):  # a reader takes the first one away
        text = _BOM + text
    return text.encode("utf-8", "surrogateescape")
