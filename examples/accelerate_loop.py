"""Contrastive pretraining with Hugging Face Accelerate.

    accelerate launch examples/accelerate_loop.py IMAGES --epochs 10

Accelerator() starts the process group before the loader is made, so the loader finds its rank by
itself. Nothing must shard it again, and Accelerator.prepare leaves it as it is.
"""

import accelerate
import click
import torch
from torch import nn
from torch.nn import functional

import fastpass as fp


def info_nce(embeddings: torch.Tensor, temperature: float = 0.2) -> torch.Tensor:
    """embeddings [2 N, D]: row i and row i + N are two views of one sample."""
    embeddings = functional.normalize(embeddings, dim=1)
    similarity = embeddings @ embeddings.T / temperature
    similarity.fill_diagonal_(-torch.inf)
    partner = torch.arange(len(embeddings), device=embeddings.device).roll(len(embeddings) // 2)
    return functional.cross_entropy(similarity, partner)


@click.command()
@click.argument("images")
@click.option("--epochs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--batch-size", default=64, show_default=True, help="Samples per process.")
@click.option("--size", type=click.IntRange(min=16), default=64, help="Side of a view, pixels.")
def main(images: str, epochs: int, batch_size: int, size: int) -> None:
    accelerator = accelerate.Accelerator()
    net = nn.Sequential(
        nn.Conv2d(3, 32, 3, stride=2), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2), nn.BatchNorm2d(64), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 32),
    )  # fmt: skip
    loader = fp.Loader(
        images, fp.recipes.moco_v2(size=size), batch_size=batch_size, device=str(accelerator.device)
    )
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    net, optimizer, loader = accelerator.prepare(net, optimizer, loader)
    for epoch in range(epochs):
        for batch in loader:
            loss = info_nce(net(torch.cat(batch.views)))
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
        accelerator.print(f"epoch {epoch}: loss {loss.item():.4f}; {loader.stats()}")
    loader.close()


if __name__ == "__main__":
    main()
