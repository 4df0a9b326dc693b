"""Views for those who decode elsewhere: any uint8 [height, width, 3] tensors will do.

    python examples/own_decoder.py IMAGES

They are rendered where the images lie: on the GPU, or on the CPU where there is none.
"""

import click
import numpy as np
import torch
from torchvision.io import ImageReadMode, decode_image

import fastpass as fp


def decode(encoded: memoryview) -> torch.Tensor:
    """Somebody else's decoder: torchvision's. It gives [3, height, width]."""
    data = torch.from_numpy(np.array(encoded))
    return decode_image(data, mode=ImageReadMode.RGB).permute(1, 2, 0).contiguous()


@click.command()
@click.argument("images")
@click.option("--count", type=click.IntRange(min=1), default=8, show_default=True)
def main(images: str, count: int) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    samples = fp.Pack(images)[:count]  # found by content, whatever the files are called
    views = fp.render_tensors(
        [decode(sample.data).to(device) for sample in samples],
        fp.recipes.dino(num_local_crops=2),
        seed=0,
        epoch=0,
        sample_ids=[sample.sample_id for sample in samples],
        dtype="bfloat16",
    )
    for view in views:
        click.echo(f"{list(view.shape)} {view.dtype} {view.device}")


if __name__ == "__main__":
    main()
