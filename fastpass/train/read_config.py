"""Reading a configuration: a TOML file, then ``section.key=value`` overrides, then validation."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fastpass.errors import ConfigError
from fastpass.train.config import Config, MethodConfig
from fastpass.train.methods.registry import find_method

# Sections that change what is written, not what is learned: a resumed run may differ here.
HARMLESS_SECTIONS = ("log", "checkpoint", "monitor")
HARMLESS_KEYS = ("data.threads", "data.device", "feed.backend", "train.threads_per_rank")


def read_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """The configuration in the TOML file ``path`` with ``overrides`` (``train.epochs=3``) applied.

    Raises ConfigError naming the file and every unknown key or bad value by its full dotted name.
    """
    try:
        with open(path, "rb") as file:
            tree = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    for text in overrides:
        apply_override(tree, text)
    return validate(tree, str(path))


def validate(tree: Mapping[str, Any], source: str) -> Config:
    """Check a tree of plain values as its method wants them; ``source`` names it in messages."""
    section = tree.get("method", {})
    name = section.get("name", MethodConfig().name) if isinstance(section, Mapping) else None
    kind = find_method(name).Config if isinstance(name, str) else Config
    try:
        # From JSON so that strict mode accepts what TOML writes as 1 for a float.
        return kind.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        raise ConfigError(f"{source}: " + "; ".join(sorted(_complaints(error)))) from error
    except TypeError as error:
        raise ConfigError(f"{source}: {error} (dates and times have no meaning here)") from error


def apply_override(tree: dict[str, Any], text: str) -> None:
    """Set one ``section.key=value`` in ``tree``; the value is TOML, bare words are strings."""
    name, equals, value = text.partition("=")
    keys = name.strip().split(".")
    if not equals or len(keys) < 2 or not all(keys):
        raise ConfigError(f"override {text!r}: wanted section.key=value, e.g. train.epochs=3")
    node = tree
    for key in keys[:-1]:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise ConfigError(f"override {text!r}: {key} is a value, not a section")
    try:
        node[keys[-1]] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        if not all(character.isalnum() or character in "_-./" for character in value.strip()):
            raise ConfigError(f"override {text!r}: {value!r} is not a TOML value") from None
        node[keys[-1]] = value.strip()


def changed_keys(old: Mapping[str, Any], new: Config) -> list[str]:
    """``key: old -> new`` for every difference that changes what is learned.

    ``old`` may be of an older version: keys that it did not have yet count with their defaults.
    """
    with suppress(ConfigError):  # then its keys are compared as they are
        old = validate(old, "the old configuration").model_dump(mode="json")
    before, after = dict(_leaves(old)), dict(_leaves(new.model_dump(mode="json")))
    return [
        f"{key}: {before.get(key, 'unset')!r} -> {after.get(key, 'unset')!r}"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key) and not _is_harmless(key)
    ]


def _is_harmless(key: str) -> bool:
    return key.split(".")[0] in HARMLESS_SECTIONS or key in HARMLESS_KEYS


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _complaints(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            yield f"unknown key {name}"
        else:
            yield f"{name}: {item['msg']} (got {item['input']!r})"
