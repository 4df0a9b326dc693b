"""The options of commands that say how a source is to be read."""

from __future__ import annotations

import click

from fastpass.pack.options import LAYOUTS

layout_option = click.option(
    "--layout",
    type=click.Choice(LAYOUTS),
    help="How the source is laid out.  [default: its files decide]",
)
keep_list_option = click.option(
    "--keep-list",
    type=click.Path(exists=True, dir_okay=False),
    help="Use only the images whose keys are in this file, one per line.",
)
classes_option = click.option(
    "--classes",
    type=click.Path(exists=True, dir_okay=False),
    help="JSON file with the label of each class, such as the classes.json of packed shards.",
)
index_dir_option = click.option(
    "--index-dir",
    type=click.Path(file_okay=False),
    help="Folder for indexes, where they cannot be beside the tars.",
)
