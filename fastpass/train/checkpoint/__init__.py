"""Checkpoints: found and read here by every later stage, written by training alone."""

from fastpass.train.checkpoint.folder import (
    STUDENT,
    TEACHER,
    Checkpoint,
    find_checkpoint,
    has_checkpoint,
    kept_checkpoints,
)
from fastpass.train.checkpoint.writer import CheckpointWriter

__all__ = [
    "STUDENT",
    "TEACHER",
    "Checkpoint",
    "CheckpointWriter",
    "find_checkpoint",
    "has_checkpoint",
    "kept_checkpoints",
]
