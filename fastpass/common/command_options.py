"""Options that several commands have, worded once."""

from __future__ import annotations

import click

force_option = click.option(
    "--force", is_flag=True, help="Replace the output even if fastpass did not write it."
)
