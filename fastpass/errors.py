"""Every exception that leaves fastpass: one name per fault."""

from __future__ import annotations


class FastpassError(Exception):
    """Base of all; its message says what came, what was wanted, where, and what to do.

    ``byte_offset`` is the offset in the file or in the encoded image, None where none is known.
    """

    def __init__(self, message: str, *, byte_offset: int | None = None) -> None:
        where = "" if byte_offset is None else f" (byte {byte_offset})"
        super().__init__(message + where)
        self.byte_offset = byte_offset

    def add_context(self, place: str) -> None:
        """Say where it happened, in front of the message."""
        self.args = (f"{place}: {self.args[0]}",)


class CorruptImage(FastpassError, ValueError):
    """The bytes are not the image they claim to be."""


class UnsupportedImage(FastpassError, ValueError):
    """A valid image of a kind that this backend does not decode."""


class ImageTooLarge(FastpassError, ValueError):
    """More pixels than the budget allows (a decompression bomb, or raise ``max_pixels``)."""


class TooManyScans(FastpassError, ValueError):
    """More scans over more blocks than the budget allows (or raise ``max_scan_blocks``)."""


class BadPack(FastpassError, ValueError):
    """A tar, a folder or an index is damaged or not of a known layout."""


class StalePack(BadPack):
    """The index does not belong to its tar any more: run ``fastpass index`` again."""


class BadSeekIndex(FastpassError, ValueError):
    """A JPEG's seek index is damaged or was made from another file: build it again."""


class ReadFailed(FastpassError, OSError):
    """The operating system refused to read."""


class WriteFailed(FastpassError, OSError):
    """The operating system refused to write (disk full, read-only, ...)."""


class WouldOverwrite(WriteFailed):
    """An output would replace something that fastpass did not write: choose another output."""


class OutOfMemory(FastpassError, MemoryError):
    """An allocation failed."""


class DeviceFailed(FastpassError, RuntimeError):
    """A CUDA call failed."""


class BackendFailed(FastpassError, RuntimeError):
    """Another library that does a part of the work has failed."""


class BadArgument(FastpassError, ValueError):
    """A value outside its documented range."""


class BadViewOp(FastpassError, ValueError):
    """A user's operation on a view cannot be compiled, or raised an exception."""


class BadFilter(FastpassError, ValueError):
    """A user's filter of images cannot be compiled, raised an exception, or returned no bool."""


class Closed(FastpassError, RuntimeError):
    """The object was closed and cannot be used any more."""


class ConfigError(FastpassError, ValueError):
    """A configuration key is unknown, missing or contradictory."""


class MissingBackend(FastpassError, ImportError):
    """A feature that is not installed or was not built; the message says how to get it."""


class BadCheckpoint(FastpassError, ValueError):
    """A checkpoint is missing, damaged, or belongs to another run."""


class Collapsed(FastpassError, RuntimeError):
    """Training has collapsed: the features carry no information any more."""


class LaunchFailed(FastpassError, RuntimeError):
    """The processes of a run were not told who they are, or did not find each other."""


class OtherProcessFailed(FastpassError, RuntimeError):
    """Another process of the run has failed; the reason is in its error, not in this one."""


class FolderInUse(FastpassError, RuntimeError):
    """A living run holds the output folder."""
