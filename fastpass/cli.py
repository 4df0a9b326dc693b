"""The command line: puts the stages' commands together, and is imported by none of them."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from fastpass.common.command_line import hush_pillow, one_line_failures
from fastpass.common.interrupts import INTERRUPTED, one_line_interrupts

# verb -> where its click command is; a module is imported only when its verb is used.
_COMMANDS = {
    "synth": "fastpass.synth.commands:synth",
    "dedup": "fastpass.curate.dedup.commands:dedup_command",
    "pack": "fastpass.pack.commands:pack_command",
    "index": "fastpass.pack.commands:index_command",
    "check": "fastpass.curate.check.commands:check_command",
    "filter": "fastpass.curate.filter.commands:filter_command",
    "preview": "fastpass.augment.commands:preview",
    "bench": "fastpass.bench.commands:bench_group",
    "evaluate": "fastpass.evaluate.commands:evaluate_group",
    "export": "fastpass.export.commands:export_command",
    "report": "fastpass.report.commands:report",
    "backends": "fastpass.backend_list.commands:backends",
}


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        with one_line_failures():  # of importing a command, and of its callbacks
            return super().invoke(ctx)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fastpass")
def cli() -> None:
    """fastpass: photos in, a self-supervised encoder out.

    curate -> pack -> decode -> augment -> feed -> train -> evaluate -> export

    Exit codes: 0 ok, 1 the data or the run failed, 2 wrong usage, 130 Ctrl-C.
    """


def main() -> None:
    """Run the command line of this process, and end it."""
    with one_line_interrupts(INTERRUPTED):
        hush_pillow()
        try:
            code = cli.main(standalone_mode=False)
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except click.Abort:  # what click makes of an interrupt before a command begins
            raise KeyboardInterrupt from None
        sys.exit(code)


if __name__ == "__main__":
    main()
