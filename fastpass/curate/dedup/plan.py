"""What a run was asked for, on the disk: by it a later run goes on, or is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastpass.common.files import write_file
from fastpass.curate.dedup.options import DedupOptions
from fastpass.errors import BadPack, ConfigError
from fastpass.pack import Pack

_VERSION = 2


@dataclass
class Plan:
    """``asked``: all that the result depends on. The others are about the index: its size when the
    run began, codes of it that earlier runs over this folder added (begins and ends), and how many
    this run adds, once that is known."""

    path: Path
    asked: dict[str, Any]
    index_size: int = 0
    index_own: list[tuple[int, int]] = field(default_factory=list)
    index_adds: int | None = None

    def save(self) -> None:
        """Raises WriteFailed."""
        values = {
            "version": _VERSION,
            "asked": self.asked,
            "index_size": self.index_size,
            "index_own": self.index_own,
            "index_adds": self.index_adds,
        }
        write_file(self.path, json.dumps(values, indent=2))

    @classmethod
    def load(cls, path: Path) -> Plan | None:
        """None where there is none. Raises BadPack, ConfigError."""
        if not path.exists():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            if values["version"] != _VERSION:
                raise ConfigError(
                    f"{path} was written by another version of fastpass: run again with --rehash"
                )
            own = [(int(begin), int(end)) for begin, end in values["index_own"]]
            size, adds = int(values["index_size"]), values["index_adds"]
            return cls(path, dict(values["asked"]), size, own, None if adds is None else int(adds))
        except (ValueError, KeyError, TypeError, OSError) as error:
            if isinstance(error, ConfigError):
                raise
            raise BadPack(f"{path} is damaged: run again with --rehash") from error

    def own_ranges(self, index_size: int) -> list[tuple[int, int]]:
        """The codes of the index, now of this size, that runs over this folder have added."""
        if self.index_adds is None or index_size < self.index_size + self.index_adds:
            return self.index_own
        return [*self.index_own, (self.index_size, self.index_size + self.index_adds)]

    def require_same(self, asked: dict[str, Any], output: Path) -> None:
        """Raises ConfigError where another result was asked for than now."""
        different = [name for name in asked if self.asked.get(name) != asked[name]]
        if different:
            raise ConfigError(
                f"{output} holds a run with another {', '.join(different)} (files that were "
                "changed or touched count): choose another folder, or begin again with --rehash"
            )


def asked_for(
    source: Pack, against: Pack | None, index: Path | None, options: DedupOptions
) -> dict[str, Any]:
    """All that a result depends on, as JSON has it. Raises ReadFailed."""
    return {
        "source": source.fingerprint_of("times"),
        "against": None if against is None else against.fingerprint_of("times"),
        "index": None if index is None else str(index.resolve()),
        "options": options.what_matters(),
    }
