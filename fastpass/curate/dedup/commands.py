"""``fastpass dedup``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fastpass.common.command_line import Command
from fastpass.common.names import shown_name
from fastpass.common.processors import available_processors
from fastpass.common.progress import shown_progress
from fastpass.curate.dedup.options import DEFAULT_KEEP, KINDS, DedupOptions
from fastpass.curate.dedup.result import STATUSES, DedupResult
from fastpass.errors import BadArgument

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def _memory_bytes(context: click.Context, option: click.Parameter, value: str) -> int:
    """4GiB, 512M, 1073741824."""
    text = value.strip().lower().removesuffix("b").removesuffix("i")
    unit = text[-1:] if text[-1:] in _UNITS else ""
    try:
        return int(float(text.removesuffix(unit)) * _UNITS[unit])
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{value!r} is no size: 4GiB, 512M, ...") from error


@click.command("dedup", cls=Command)
@click.argument("source", metavar="SRC")
@click.option("--against", metavar="OTHER", help="Leave out images that OTHER holds too.")
@click.option(
    "--kind",
    default="pdq",
    show_default=True,
    type=click.Choice(list(KINDS)),
    help="The hash by which images are compared.",
)
@click.option(
    "--radius",
    default=None,
    type=int,
    help="How many bits of two hashes may differ.  [default: 31 of 256, 4 of 64]",
)
@click.option(
    "--min-quality",
    default=50,
    show_default=True,
    help="Least PDQ quality. Flat images have less, and are compared by their bytes only.",
)
@click.option("--dihedral", is_flag=True, help="Turned and mirrored copies are duplicates too.")
@click.option(
    "--on-damage",
    default="raise",
    show_default=True,
    type=click.Choice(["raise", "fill"]),
    help="Damaged JPEGs. raise: unreadable; fill: compare what can be decoded of them.",
)
@click.option(
    "--orientation",
    default="ignore",
    show_default=True,
    type=click.Choice(["ignore", "apply"]),
    help="apply: turn images as their EXIF orientation asks, then compare and show them.",
)
@click.option(
    "--method",
    default="star",
    show_default=True,
    type=click.Choice(["star", "components"]),
    help="Groups. star: all members are near the kept image; components: chains of pairs.",
)
@click.option(
    "--index",
    type=click.Path(path_type=Path),
    help="File of codes of earlier collections: leave out what is known, add what is kept.",
)
@click.option(
    "--index-kind",
    type=click.Choice(list(KINDS)),
    help="What an index holds that was written before kinds were recorded.",
)
@click.option("--rehash", is_flag=True, help="Begin again, whatever earlier runs left in DIR.")
@click.option(
    "--keep",
    default=",".join(DEFAULT_KEEP),
    show_default=True,
    help="Which image of a group is kept: columns, the first decides; with - the largest wins.",
)
@click.option("--threads", type=click.IntRange(min=1), help="[default: all processors]")
@click.option(
    "--backend",
    default="local",
    show_default=True,
    type=click.Choice(["local", "ray"]),
    help="Who does the work: processes of this machine, or a Ray cluster.",
)
@click.option(
    "--memory",
    default="4GiB",
    show_default=True,
    callback=_memory_bytes,
    help="Memory of each worker for the search.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "-0", "--null", "null", is_flag=True, help="End names in lists with a zero byte, not a newline."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def dedup_command(
    source: str,
    against: str | None,
    kind: str,
    radius: int | None,
    min_quality: int,
    dihedral: bool,
    on_damage: str,
    orientation: str,
    method: str,
    index: Path | None,
    index_kind: str | None,
    rehash: bool,
    keep: str,
    threads: int | None,
    backend: str,
    memory: int,
    output: Path,
    null: bool,
    as_json: bool,
) -> None:
    """Near duplicates among the images of SRC: a folder, a tar or a pattern.

    Writes hashes.parquet, pairs.parquet, clusters.parquet, keep.txt, keep-files.txt and report.html
    into DIR. Never changes, moves or deletes an image. A run that was ended goes on when it is
    started again.
    """
    from fastpass.curate.dedup.run import dedup

    try:
        options = DedupOptions(
            kind=kind,
            radius=(31 if KINDS[kind] == 256 else 4) if radius is None else radius,
            min_quality=min_quality,
            dihedral=dihedral,
            on_damage=on_damage,  # type: ignore[arg-type]
            orientation=orientation,  # type: ignore[arg-type]
            method=method,  # type: ignore[arg-type]
            keep=tuple(key.strip() for key in keep.split(",") if key.strip()),
            threads=threads or available_processors(),
            backend=backend,  # type: ignore[arg-type]
            memory_bytes=memory,
            null=null,
        )
    except BadArgument as error:
        raise click.UsageError(str(error)) from error
    with shown_progress() as on_progress:
        result = dedup(
            source,
            output,
            against=against,
            index=index,
            index_kind=index_kind,
            rehash=rehash,
            options=options,
            on_progress=on_progress,
        )
    _tell(result, output / "report.html", as_json)


def _tell(result: DedupResult, report: Path, as_json: bool) -> None:
    counts = {status: result.count(status) for status in STATUSES} | {"pairs": len(result.pairs)}
    if as_json:
        skipped = {"skipped_files": result.skipped_files}
        click.echo(json.dumps(counts | skipped | {"report": shown_name(str(report))}))
        return
    for name, count in counts.items():
        if count or name in ("kept", "pairs"):
            click.echo(f"{name.replace('_', ' '):12} {count}")
    for reason, count in result.skipped_files.items():
        click.echo(f"{'passed over':12} {count} ({reason})")
    click.echo(f"report       {shown_name(str(report))}")
