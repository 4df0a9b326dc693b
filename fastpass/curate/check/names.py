"""Names that say something else about a file than its first bytes do."""

from __future__ import annotations

_FIRST_BYTES = (
    (b"\xff\xd8\xff", "JPEG", ("jpg", "jpeg", "jpe", "jfif")),
    (b"\x89PNG", "PNG", ("png",)),
    (b"GIF8", "GIF", ("gif",)),
    (b"BM", "BMP", ("bmp",)),
    (b"II*\0", "TIFF", ("tif", "tiff")),
    (b"MM\0*", "TIFF", ("tif", "tiff")),
)


def odd_name(head: bytes, path: str) -> str | None:
    """What is odd about the name of a file that begins with ``head``; None for a right one.

    ``path`` may be without an extension, as keys in tars are; then nothing is odd.
    """
    found = _kind_of(head)
    extension = path.rsplit("/", 1)[-1].rpartition(".")[2].lower()
    if found is None or extension not in _ALL_EXTENSIONS:
        return None
    kind, extensions = found
    return None if extension in extensions else f"named .{extension}, but it is a {kind} image"


def _kind_of(head: bytes) -> tuple[str, tuple[str, ...]] | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP", ("webp",)
    if head[4:8] == b"ftyp":
        is_avif = head[8:12] in (b"avif", b"avis")
        return ("AVIF", ("avif",)) if is_avif else ("HEIC", ("heic", "heif"))
    return next(
        ((kind, names) for start, kind, names in _FIRST_BYTES if head.startswith(start)), None
    )


_ALL_EXTENSIONS = {name for _, _, names in _FIRST_BYTES for name in names} | {
    "webp",
    "avif",
    "heic",
    "heif",
}
