"""``fastpass export``: a checkpoint as a file for other programs."""

from __future__ import annotations

from typing import Literal

import click

from fastpass.common.command_line import Command, force_option
from fastpass.common.outputs import claim_file


@click.command("export", cls=Command)
@click.option("--checkpoint", required=True, help="Folder of a training run, or one checkpoint.")
@click.option("--to", "target", type=click.Choice(["timm"]), default="timm", show_default=True)
@click.option(
    "--network", type=click.Choice(["teacher", "student"]), default="teacher", show_default=True
)
@click.option("-o", "--output", required=True, help="The .safetensors file to write.")
@force_option
@click.option("--json", "as_json", is_flag=True, help="Print the metadata as JSON.")
def export_command(
    checkpoint: str,
    target: str,
    network: Literal["teacher", "student"],
    output: str,
    force: bool,
    as_json: bool,
) -> None:
    """Write the encoder as safetensors that timm.create_model loads."""
    import json

    from fastpass.export.timm_file import KIND, export_timm, loading_code
    from fastpass.train.checkpoint import find_checkpoint

    assert target == "timm"  # click has checked it; one target so far
    found = find_checkpoint(checkpoint)
    claim_file(output, KIND, inputs=[found.folder], force=force)
    metadata = export_timm(found, output, network=network)
    if as_json:
        click.echo(json.dumps({"output": output, **metadata}))
    else:
        click.echo(f"{output}: {metadata['model']} of step {metadata['step']}; load it with\n")
        click.echo(loading_code(output, metadata))
