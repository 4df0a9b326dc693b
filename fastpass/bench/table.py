"""The records as tables on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from fastpass.bench.record import is_ours

SLOW_START_SECONDS = 2  # from which on a table tells it


def print_feed(console: Console, body: dict[str, Any]) -> None:
    """One table per work, then what each loader does, our scaling, and what is left out."""
    settings = body["settings"]
    about = (
        f"{settings['num_photos']} JPEGs of {settings['kb_per_photo']} KB on average, "
        f"batch {settings['batch_size']}, {settings['page_cache']} page cache"
    )
    for work in body["works"].values():
        title = f"{work['title']}: JPEG bytes to normalized batches"
        console.print(_feed_table(title, work) if work["rows"] else title)
        for row in {row["loader"]: row for row in work["rows"]}.values():
            start = row.get("first_start_seconds", 0)
            slow = f"; {start:.0f} s to the first batch" if start >= SLOW_START_SECONDS else ""
            console.print(f"  {row['loader']}: {row['how']}{slow}", highlight=False)
        _print_work_count(console, work.get("work_per_output_pixel"))
        for pair in work["scaling"]:
            console.print(
                f"  {pair['loader']}: {pair['to_threads']} threads are {pair['times_as_fast']:.2f}x"
                f" as fast as {pair['from_threads']}",
                highlight=False,
            )
        print_left_out(console, work["left_out"])
    console.print(f"{about}; repeats take turns, warm-up not counted", highlight=False)
    print_left_out(console, body["photos_left_out"])


def _feed_table(title: str, work: dict[str, Any]) -> Table:
    ours = [name for name in dict.fromkeys(row["loader"] for row in work["rows"]) if is_ours(name)]
    has_residents = any("resident_before" in row for row in work["rows"])
    table = Table(title=title)
    table.add_column("loader", no_wrap=True)
    columns = ["threads", "images/s", "p5 .. p95", "ms/image, core", "ns/pixel"]
    columns += [f"{name.removeprefix('fastpass ')} is" for name in ours]
    columns.append("max, mean off Pillow")
    for column in [*columns, *["still cached"] * has_residents]:
        table.add_column(column, justify="right")
    for row in work["rows"]:
        rate = row["images_per_second"]
        cells = [
            str(row["threads"]), f"{rate['median']:.1f}", f"{rate['p5']:.1f} .. {rate['p95']:.1f}",
            f"{row['ms_per_image_and_core']:.2f}", f"{row['ns_per_output_pixel']:.1f}",
            *(_times(row["times_as_fast"].get(name)) for name in ours),
            _difference(row.get("difference_from_pillow")),
        ]  # fmt: skip
        if has_residents:
            cells.append(f"{100 * row['resident_before']['median']:.0f} %")
        table.add_row(row["loader"], *cells)
    return table


def print_augment(console: Console, body: dict[str, Any]) -> None:
    """ms per image of every step and recipe, with the difference from Pillow beside."""
    _print_works(console, "Decoded pixels to normalized views, one thread", body)
    console.print(body["note"], highlight=False)


def print_decode(console: Console, body: dict[str, Any]) -> None:
    """ms per image of whole images and regions."""
    settings = body["settings"]
    title = f"{settings['num_photos']} JPEGs of {settings['kb_per_photo']} KB to RGB, one thread"
    _print_works(console, title, body)
    print_left_out(console, body["photos_left_out"])


def _print_works(console: Console, title: str, body: dict[str, Any]) -> None:
    rows = [row for work in body["works"].values() for row in work["rows"]]
    ours = [name for name in dict.fromkeys(row["by"] for row in rows) if is_ours(name)]
    has_parity = any("difference_from_pillow" in row for row in rows)
    table = Table("work", "by", title=title)
    columns = ["ms", "p5 .. p95", "ns/pixel", *(f"{name.split()[-1]} is" for name in ours)]
    for column in columns + ["max, mean off Pillow"] * has_parity:
        table.add_column(column, justify="right")
    for work in body["works"].values():
        first = work["title"]
        for row in work["rows"]:
            time = row["ms"]
            cells = [
                f"{time['median']:.3f}", f"{time['p5']:.3f} .. {time['p95']:.3f}",
                f"{row['ns_per_output_pixel']:.2f}",
                *(_times(row["times_as_fast"].get(name)) for name in ours),
            ]  # fmt: skip
            if has_parity:
                cells.append(_difference(row.get("difference_from_pillow")))
            table.add_row(first, row["by"], *cells)
            first = ""
        table.add_section()
    console.print(table)
    print_left_out(console, body["left_out"])


def _print_work_count(console: Console, count: dict[str, Any] | None) -> None:
    if count is not None:
        console.print(
            f"  per output pixel: {count['resample_multiply_adds']:.0f} multiply-adds to resize, "
            f"{count['source_bytes']:.1f} bytes of crops read, {count['stored_bytes']} stored",
            highlight=False,
        )


def print_left_out(console: Console, left_out: dict[str, str]) -> None:
    for name, reason in left_out.items():
        console.print(f"  {name} left out ({reason})", highlight=False, markup=False)


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}x"


def _difference(difference: dict[str, float] | None) -> str:
    return "" if difference is None else f"{difference['max']:.2f}, {difference['mean']:.3f}"
