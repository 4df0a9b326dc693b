"""Names of files as people see them: in messages, tables and pages, whatever bytes they hold."""

from __future__ import annotations

import re

_UNSHOWN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def shown_name(name: str) -> str:
    """Text that can be printed and stored: ``\\xNN`` for control characters and for bytes that are
    not UTF-8, which Python spells as lone surrogates."""
    return _UNSHOWN.sub(_escaped, name)


def shown_text(text: str) -> str:
    """The same for longer texts, whose tabs and ends of lines stay."""
    return _UNSHOWN.sub(lambda m: m[0] if m[0] in "\t\n" else _escaped(m), text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    is_byte = code < 0x80 or 0xDC80 <= code <= 0xDCFF
    return f"\\x{code & 0xFF:02x}" if is_byte else f"\\u{code:04x}"
