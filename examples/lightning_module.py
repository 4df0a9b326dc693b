"""Contrastive pretraining with Lightning: fp.Loader goes straight into Trainer.fit.

    python examples/lightning_module.py IMAGES --epochs 10

Lightning moves the batches to its device, and saves the loader's state in its checkpoints.
"""

import click
import lightning
import torch
from torch import nn
from torch.nn import functional

import fastpass as fp


class Contrastive(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2), nn.BatchNorm2d(32), nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2), nn.BatchNorm2d(64), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 32),
        )  # fmt: skip

    def training_step(self, batch: fp.Batch, _: int) -> torch.Tensor:
        embeddings = functional.normalize(torch.cat([self.net(v) for v in batch.views]), dim=1)
        similarity = embeddings @ embeddings.T / 0.2
        similarity.fill_diagonal_(-torch.inf)
        partner = torch.arange(len(embeddings), device=self.device).roll(len(batch.sample_ids))
        loss = functional.cross_entropy(similarity, partner)
        self.log("loss", loss, prog_bar=True, batch_size=len(batch.sample_ids))
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


@click.command()
@click.argument("images")
@click.option("--epochs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--batch-size", default=64, show_default=True)
@click.option("--size", type=click.IntRange(min=16), default=64, help="Side of a view, pixels.")
@click.option("--output", default="runs/lightning", show_default=True)
def main(images: str, epochs: int, batch_size: int, size: int, output: str) -> None:
    trainer = lightning.Trainer(max_epochs=epochs, default_root_dir=output, log_every_n_steps=1)
    # Lightning starts its process group later: it must say here which rank this process will be.
    with fp.Loader(
        images, fp.recipes.moco_v2(size=size), batch_size=batch_size, rank=trainer.global_rank,
        world_size=trainer.world_size,
    ) as loader:  # fmt: skip
        trainer.fit(Contrastive(), loader)
        click.echo(f"loss {trainer.callback_metrics['loss'].item():.4f}; {loader.stats()}")


if __name__ == "__main__":
    main()
