"""`fastpass backends`: which implementations can be used here."""

from __future__ import annotations

import dataclasses
import json

import click

from fastpass.backend_list import backends as list_backends
from fastpass.common.command_line import Command


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def backends(as_json: bool) -> None:
    """List the backends of each stage, and why one is not available."""
    found = list_backends()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(backend) for backend in found], indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("stage", "backend", "available", "note")
    for backend in found:
        table.add_row(
            backend.stage, backend.name, "yes" if backend.available else "no", backend.reason
        )
    Console().print(table)
