"""``fastpass filter``."""

from __future__ import annotations

import json

import click

from fastpass.common.command_line import Command, force_folder_option
from fastpass.common.names import shown_name
from fastpass.common.progress import shown_progress
from fastpass.curate.filter.named import named_filters
from fastpass.curate.filter.run import filter_images
from fastpass.errors import BadArgument
from fastpass.pack.source_options import index_dir_option, keep_list_option, layout_option


@click.command("filter", cls=Command)
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@click.option(
    "--filter",
    "names",
    multiple=True,
    required=True,
    metavar="FILE.py:NAME",
    help="A function with @fastpass.image_filter, or module:NAME. Of several, all must agree.",
)
@layout_option
@keep_list_option
@index_dir_option
@click.option("-o", "--output", required=True, type=click.Path(), metavar="OUTPUT")
@force_folder_option
@click.option("--threads", type=click.IntRange(min=1), help="[default: all processors]")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def filter_command(
    sources: tuple[str, ...],
    names: tuple[str, ...],
    layout: str | None,
    keep_list: str | None,
    index_dir: str | None,
    output: str,
    force: bool,
    threads: int | None,
    as_json: bool,
) -> None:
    """Keep the images of SRC that your own filters keep.

    Writes keep.txt, filter.parquet and filter.json into the folder OUTPUT, and changes no image.
    Damaged images are left out, and their reason stands in filter.parquet. SRC: folders, tars and
    patterns.
    """
    try:
        filters = named_filters(names)
    except BadArgument as error:
        raise click.UsageError(str(error)) from error
    with shown_progress() as on_progress:
        result = filter_images(
            list(sources),
            output,
            filters,
            threads=threads,
            force=force,
            on_progress=on_progress,
            layout=layout,
            keep=keep_list,
            index_dir=index_dir,
        )
    if as_json:
        click.echo(json.dumps(result.counts | {"dropped_by": result.dropped}))
        return
    for name, count in result.dropped.items():
        click.echo(f"dropped by {shown_name(name)}: {count:,}")
    counts = ", ".join(f"{count:,} {name}" for name, count in result.counts.items())
    click.echo(f"{counts}: {shown_name(output)}")
