"""``fastpass pack`` and ``fastpass index``."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict

import click

from fastpass.common.command_line import Command, force_folder_option
from fastpass.common.processors import available_processors
from fastpass.common.progress import shown_progress
from fastpass.common.thread_pool import thread_pool
from fastpass.errors import FastpassError
from fastpass.pack.found import left_out_text
from fastpass.pack.index import IndexReport, build_index
from fastpass.pack.options import Layout
from fastpass.pack.source_options import (
    classes_option,
    index_dir_option,
    keep_list_option,
    layout_option,
)
from fastpass.pack.sources import find_parts
from fastpass.pack.writer import Container, PackReport, pack_folder


def _index_line(report: IndexReport) -> str:
    damaged = f", {report.num_unreadable} damaged images" if report.num_unreadable else ""
    seekable = f", {report.num_seek_indexes} seekable" if report.num_seek_indexes else ""
    return (
        f"{report.index}: {report.num_samples} samples ({report.layout})"
        f"{seekable}{damaged}{left_out_text(report.skipped_files)}"
    )


_seek_index_option = click.option(
    "--seek-index/--no-seek-index",
    default=True,
    show_default=True,
    help="Store where decoding may start inside each JPEG: takes 2 % of its bytes, and reads all "
    "of them once.",
)


@click.command("pack", cls=Command)
@click.argument("source", type=click.Path())
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(),
    help="Folder for the tars; the file, with --to beton.",
)
@click.option(
    "--shard-size",
    show_default="1024",
    type=click.IntRange(min=1),
    help="Largest size of a tar, MiB.",
)
@click.option(
    "--to",
    type=click.Choice(["tar", "beton"]),
    default="tar",
    show_default=True,
    help="What to write: tar shards, or one .beton for FFCV's loader.",
)
@force_folder_option
@_seek_index_option
@layout_option
@keep_list_option
@classes_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def pack_command(
    source: str,
    output: str,
    shard_size: int | None,
    to: Container,
    force: bool,
    seek_index: bool,
    layout: Layout | None,
    keep_list: str | None,
    classes: str | None,
    as_json: bool,
) -> None:
    """Write the images below the folder SOURCE as tar shards in WebDataset layout.

    Image bytes are copied untouched. OUTPUT gets all shards or none. Tars need no packing:
    `fastpass index` lets them be read as they are. With `--to beton`, OUTPUT is one file for FFCV,
    photos.beton, and SOURCE may be in tars.
    """
    with shown_progress() as on_progress:
        report = pack_folder(
            source,
            output,
            shard_bytes=None if shard_size is None else shard_size << 20,
            to=to,
            force=force,
            seek_index=seek_index,
            layout=layout,
            keep=keep_list,
            classes=classes,
            on_progress=lambda done, total: on_progress("packing", done, total),
        )
    click.echo(json.dumps(asdict(report)) if as_json else _pack_lines(report))


def _pack_lines(report: PackReport) -> str:
    total = f"{report.num_samples} samples, {report.num_bytes / 1e6:.1f} MB in {report.output}"
    return "\n".join([report.summary, *map(_index_line, report.shards), total])


@click.command("index", cls=Command)
@click.argument("sources", nargs=-1, required=True, type=click.Path())
@_seek_index_option
@index_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
def index_command(
    sources: tuple[str, ...], seek_index: bool, index_dir: str | None, as_json: bool
) -> None:
    """Write X.tar.fpi beside every tar of SOURCES (tars or .beton files, patterns, folders).

    A tar is only read, never changed. A damaged one does not keep the others from being indexed.
    """
    tars = [part.path for part in find_parts(sources, "tars")]
    # Several tars at a time hide the waiting for headers; few tars share the processors.
    processors = available_processors()
    threads = math.ceil(processors / len(tars))

    def try_index(tar: str) -> IndexReport | FastpassError:
        try:
            return build_index(tar, seek_index=seek_index, threads=threads, index_dir=index_dir)
        except FastpassError as error:
            return error

    results = []
    with shown_progress() as on_progress, thread_pool(processors) as pool:
        for result in pool.map(try_index, tars):
            results.append(result)
            on_progress("indexing", len(results), len(tars))
    reports = [result for result in results if isinstance(result, IndexReport)]
    errors = [result for result in results if isinstance(result, FastpassError)]
    if as_json:
        shards = [asdict(report) for report in reports]
        click.echo(json.dumps({"shards": shards, "errors": [str(error) for error in errors]}))
    else:
        for report in reports:
            click.echo(_index_line(report))
    for refusal in errors:
        click.echo(f"Error: {refusal}", err=True)
    if errors:
        sys.exit(1)
