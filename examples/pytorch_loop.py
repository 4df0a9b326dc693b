"""Contrastive pretraining in a plain PyTorch loop, on any folder of images or tar shards.

    python examples/pytorch_loop.py IMAGES --epochs 10

On several GPUs: torchrun --nproc-per-node 4 examples/pytorch_loop.py IMAGES, with the model wrapped
in DistributedDataParallel; the loader takes its rank from torchrun's environment.
"""

import click
import torch
from torch import nn
from torch.nn import functional

import fastpass as fp


def info_nce(first: torch.Tensor, second: torch.Tensor, temperature: float = 0.2) -> torch.Tensor:
    """Each embedding [N, D] must find its partner among all others of the batch."""
    embeddings = functional.normalize(torch.cat([first, second]), dim=1)
    similarity = embeddings @ embeddings.T / temperature
    similarity.fill_diagonal_(-torch.inf)
    partner = torch.arange(len(embeddings), device=first.device).roll(len(first))
    return functional.cross_entropy(similarity, partner)


@click.command()
@click.argument("images")
@click.option("--epochs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--batch-size", default=64, show_default=True)
@click.option("--size", type=click.IntRange(min=16), default=64, help="Side of a view, pixels.")
def main(images: str, epochs: int, batch_size: int, size: int) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = nn.Sequential(
        nn.Conv2d(3, 32, 3, stride=2), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2), nn.BatchNorm2d(64), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 32),
    ).to(device)  # fmt: skip
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    recipe = fp.recipes.moco_v2(size=size)
    with fp.Loader(images, recipe, batch_size=batch_size, device=device) as loader:
        for epoch in range(epochs):  # the loader goes to a new epoch, with new views, by itself
            for batch in loader:
                loss = info_nce(net(batch.views[0]), net(batch.views[1]))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            click.echo(f"epoch {epoch}: loss {loss.item():.4f}; {loader.stats()}")


if __name__ == "__main__":
    main()
