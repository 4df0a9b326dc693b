"""``fastpass check``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from fastpass.common.command_line import Command, force_option
from fastpass.common.files import write_file
from fastpass.common.names import shown_name
from fastpass.common.outputs import claim_file
from fastpass.common.progress import shown_progress
from fastpass.curate.check.run import CheckReport, Problem, check
from fastpass.pack.keep_list import keep_list_bytes
from fastpass.pack.source_options import index_dir_option, keep_list_option, layout_option

_MAX_LEFT_OUT = 100  # shown for each reason


@click.command("check", cls=Command)
@click.argument("sources", nargs=-1, required=True, metavar="SRC...")
@layout_option
@keep_list_option
@index_dir_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="Write the keys of the images that can be used here, for --keep-list and Pack(keep=).",
)
@click.option("-0", "--zero-bytes", is_flag=True, help="End the keys in OUTPUT with zero bytes.")
@force_option
@click.option("--threads", type=click.IntRange(min=1), help="[default: all processors]")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def check_command(
    sources: tuple[str, ...],
    layout: str | None,
    keep_list: str | None,
    index_dir: str | None,
    output: str | None,
    zero_bytes: bool,
    force: bool,
    threads: int | None,
    as_json: bool,
) -> None:
    """List every image of SRC that is damaged, odd or not supported, with reason and byte offset.

    Lists the files that are left out, too: the first 100 for each reason, and with --json all.
    Decodes each of them once and changes none. SRC: folders, tars and patterns. Exit code 1 where
    an image cannot be used; odd ones can.
    """
    if output is not None:
        claim_file(output, "keep list", inputs=sources, force=force)
    with shown_progress() as on_progress:
        report = check(
            list(sources),
            threads=threads,
            on_progress=on_progress,
            layout=layout,
            keep=keep_list,
            index_dir=index_dir,
        )
    if output is not None:
        write_file(output, keep_list_bytes(report.sound_keys, zero_bytes=zero_bytes))
    click.echo(_as_json(report) if as_json else "\n".join(_lines(report)))
    if not report.is_sound:
        sys.exit(1)


def _as_json(report: CheckReport) -> str:
    return json.dumps(
        {
            "summary": report.summary,
            "num_images": report.num_images,
            "counts": report.counts,
            "problems": [asdict(problem) for problem in report.problems],
            "skipped_files": report.skipped_files,
        }
    )


def _lines(report: CheckReport) -> list[str]:
    lines = [report.summary] if report.summary else []
    for reason, paths in report.skipped_files.items():
        lines += [f"left out: {shown_name(path)}: {reason}" for path in paths[:_MAX_LEFT_OUT]]
        if len(paths) > _MAX_LEFT_OUT:
            lines.append(f"left out: {len(paths) - _MAX_LEFT_OUT:,} more: {reason}; --json has all")
    lines += map(_line, report.problems)
    counts = ", ".join(f"{count:,} {kind}" for kind, count in report.counts.items() if count)
    lines.append(f"{report.num_images:,} images checked: {counts or 'all sound'}")
    return lines


def _line(problem: Problem) -> str:
    line = f"{problem.kind}: {problem.place}: {problem.reason}"
    return line.encode("utf-8", "backslashreplace").decode()  # names need not be UTF-8
