"""What ``state.json`` must hold: for every reader, and for a run that goes on from it."""

from __future__ import annotations

import json
import zlib
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

CHECKSUM = "crc32"  # of everything else in the state; those of older versions have none
Three = Annotated[list[float], Field(min_length=3, max_length=3)]
ThreePositive = Annotated[list[Annotated[float, Field(gt=0.0)]], Field(min_length=3, max_length=3)]


class Part(BaseModel):
    """A JSON object; keys that are not named here are for others."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class BackbonePart(Part):
    """The network and the images that it takes."""

    name: str = Field(min_length=1)
    kwargs: dict[str, Any]
    image_size: int = Field(ge=1)  # pixels
    mean: Three
    std: ThreePositive


class SeedPart(Part):
    """Where the first weights came from."""

    seed: int


class ConfigPart(Part):
    """The configuration of the run, of which readers need one section."""

    train: SeedPart


class ReadableState(Part):
    """What evaluation, export and resuming need."""

    step: int = Field(ge=0)
    epoch: float = Field(ge=0.0)
    config: ConfigPart
    backbone: BackbonePart
    files: dict[str, Annotated[list[int], Field(min_length=2, max_length=2)]]  # bytes, CRC-32


class DataPart(Part):
    """The images of the run."""

    fingerprint: str
    num_samples: int
    recipe: dict[str, Any] | None = None


class ResumableState(Part):
    """What a run needs besides to go on."""

    data: DataPart
    loader: list[dict[str, Any]] = Field(min_length=1)  # of every rank
    world_size: int = Field(ge=1)


def faults_of(state: dict[str, Any], wanted: type[Part]) -> list[str]:
    """The dotted names of what is missing in ``state`` or of a wrong kind, in order."""
    try:
        wanted.model_validate(state)
    except ValidationError as error:
        return [".".join(map(str, fault["loc"])) for fault in error.errors()]
    return []


def sealed(state: dict[str, Any]) -> dict[str, Any]:
    """``state`` and its checksum."""
    return {**state, CHECKSUM: _checksum(state)}


def is_whole(state: dict[str, Any]) -> bool:
    """Whether the checksum of ``state`` is right, where it has one."""
    return CHECKSUM not in state or state[CHECKSUM] == _checksum(state)


def _checksum(state: dict[str, Any]) -> int:
    rest = {key: value for key, value in state.items() if key != CHECKSUM}
    return zlib.crc32(json.dumps(rest, sort_keys=True).encode())
