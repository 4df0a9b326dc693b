"""Whose features are evaluated."""

from __future__ import annotations

from typing import Literal, TypeAlias

# A network of the checkpoint, or a baseline: the same encoder untrained, or the raw pixels.
Which: TypeAlias = Literal["teacher", "student", "untrained", "pixels"]
