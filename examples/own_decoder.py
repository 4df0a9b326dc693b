"""Views for those who decode elsewhere: any uint8 [height, width, 3] tensors will do.

    python examples/own_decoder.py FOLDER

They are rendered where the images lie: on the GPU, or on the CPU where there is none.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torchvision.io import ImageReadMode, decode_jpeg, read_file

import fastpass as fp


def main(folder: str) -> None:
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if has_gpu else "cpu")
    files = sorted(Path(folder).rglob("*.jpg"))[:8]
    # Somebody else's decoder: torchvision's gives [3, height, width].
    images = [
        decode_jpeg(read_file(str(file)), mode=ImageReadMode.RGB)
        .permute(1, 2, 0)
        .contiguous()
        .to(device)
        for file in files
    ]
    recipe = fp.recipes.dino(num_local_crops=2)
    views = fp.render_tensors(
        images,
        recipe,
        seed=0,
        epoch=0,
        sample_ids=range(len(images)),
        dtype="bfloat16",
    )
    for view in views:
        print(tuple(view.shape), view.dtype, view.device)


if __name__ == "__main__":
    main(sys.argv[1])
