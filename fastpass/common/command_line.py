"""What all commands have in common: how they fail, and the options that several of them have."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from fastpass.common.interrupts import EXIT_CODE_OF_CTRL_C, INTERRUPTED
from fastpass.errors import FastpassError

force_option = click.option(
    "--force", is_flag=True, help="Replace the output even if fastpass did not write it."
)
force_folder_option = click.option(
    "--force", is_flag=True, help="Replace what fastpass wrote into OUTPUT before."
)


def hush_pillow() -> None:
    """Keep Pillow from printing what it thinks of files, without their names: we report them."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)


class Command(click.Command):
    """A command whose expected failures are one line on stderr, with the name of the error."""

    def invoke(self, ctx: click.Context) -> Any:
        with one_line_failures():
            return super().invoke(ctx)


@contextmanager
def one_line_failures() -> Iterator[None]:
    """Exit code 1 for errors of ours and of the operating system, 130 for Ctrl-C; no traceback."""
    try:
        yield
    except BrokenPipeError:  # whoever read our output has enough: click knows what to do
        raise
    except (FastpassError, OSError, MemoryError) as error:
        raise _Failure(f"fastpass: {type(error).__name__}: {error}") from error
    except KeyboardInterrupt as error:
        raise _Interrupted(INTERRUPTED) from error


class _Failure(click.ClickException):
    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), file=file, err=True)


class _Interrupted(_Failure):
    exit_code = EXIT_CODE_OF_CTRL_C
