"""The options of ``fastpass bench``, and those that benchmarks/ shares with it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fastpass.bench.session import Delivery
from fastpass.common.command_line import force_option
from fastpass.common.processors import available_processors

# Spelled here, so that --help imports no stage; tests compare them with the modules.
RECIPES = ("dino", "moco_v2", "rrc")
PEERS = ("fastpass", "torchvision", "torchvision_v2", "dali", "ffcv")
MODES = ("fast", "exact")
BACKENDS = ("native", "dali", "ffcv")


def thread_counts(context: click.Context, option: click.Parameter, value: str) -> tuple[int, ...]:
    """1,2 -> (1, 2), each once."""
    try:
        counts = tuple(dict.fromkeys(int(part) for part in value.split(",")))
    except ValueError:
        counts = ()
    if not counts or not all(1 <= count <= 1024 for count in counts):
        raise click.BadParameter(f"{value!r}: wanted numbers from 1 to 1024, such as 1,2")
    return counts


def backend_names(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    """native,dali -> ("native", "dali"), each once."""
    names = tuple(dict.fromkeys(value.split(",")))
    if unknown := set(names) - set(BACKENDS):
        raise click.BadParameter(f"{min(unknown)!r}: wanted some of {','.join(BACKENDS)}")
    return names


def default_threads() -> str:
    """One, and every processor this process may use."""
    return ",".join(map(str, sorted({1, available_processors()})))


repeats_option = click.option("--repeats", default=5, show_default=True, type=click.IntRange(min=1))
seconds_option = click.option(
    "--seconds", default=0.5, show_default=True, type=click.FloatRange(min=0),
    help="Least length of one measurement.",
)  # fmt: skip
seed_option = click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))


def delivery_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What becomes of a record; the command gets them as one ``delivery``."""

    @functools.wraps(command)
    def bundled(
        *, source: str, output: Path | None, force: bool, as_json: bool, **options: Any
    ) -> None:
        command(source, Delivery(source, output, force, as_json), **options)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the record as JSON."),
        force_option,
        click.option(
            "-o", "--output", type=click.Path(file_okay=False, path_type=Path),
            help="Folder for bench-STAGE.json and bench-STAGE.png.",
        ),
    ):  # fmt: skip
        bundled = option(bundled)
    return bundled


def feed_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `fastpass bench feed` and benchmarks/stages/feed.py share."""
    for option in reversed(
        [
            click.option(
                "--recipe", "recipes", multiple=True, type=click.Choice(RECIPES),
                help="May be given several times.  [default: all]",
            ),
            click.option(
                "--threads", callback=thread_counts, default=default_threads, metavar="N,N,...",
                show_default="1 and all processors",
            ),
            click.option(
                "--peer", "peers", multiple=True, type=click.Choice(PEERS),
                help="A library to measure. May be given several times.  [default: all]",
            ),
            click.option(
                "--mode", "modes", multiple=True, type=click.Choice(MODES),
                help="How fastpass.Loader renders.  [default: both]",
            ),
            click.option(
                "--backends", callback=backend_names, default="native", show_default=True,
                metavar="NAME,NAME,...", help=f"Of fastpass.Loader: {', '.join(BACKENDS)}.",
            ),
            click.option(
                "--batch-size", default=32, show_default=True, type=click.IntRange(min=1)
            ),
            click.option("--repeats", default=5, show_default=True, type=click.IntRange(min=1)),
            click.option(
                "--seconds", default=3.0, show_default=True, type=click.FloatRange(min=0),
                help="Least length of one measurement.",
            ),
            click.option(
                "--limit", type=click.IntRange(min=1), default=1000, show_default=True,
                help="Read at most so many photos.",
            ),
            click.option(
                "--parity-photos", default=20, show_default=True, type=click.IntRange(min=0),
                help="Photos to compare with Pillow.",
            ),
            click.option(
                "--cold", "is_cold", is_flag=True,
                help="One pass over files that are not in the page cache.",
            ),
            click.option(
                "--scratch", type=click.Path(exists=True, file_okay=False, path_type=Path),
                help="Where the photos are copied to; with --cold, on the disk to be measured."
                "  [default: the system's folder for temporary files]",
            ),
            click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0)),
        ]
    ):  # fmt: skip
        command = option(command)
    return command
