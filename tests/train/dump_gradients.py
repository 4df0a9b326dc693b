"""One training step of rank R of W on its share of a fixed batch, under ZeRO-1 and without.

Run by a launcher: ``torchrun ... dump_gradients.py FILE MAX_NORM``.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from parity import KINDS, MODELS, SIZES, config, make_views

from fastpass.train.data import TrainData
from fastpass.train.engine import ranks
from fastpass.train.engine.deepspeed import start_processes
from fastpass.train.run import make_trainer


class LoaderOfOneStep(list):
    """Only its length is asked for."""


def main(path: str, max_norm: float) -> None:
    device = start_processes()
    torch.set_num_threads(1)
    steps = [(model, stage, "float32") for model in MODELS for stage in (1, 0)]
    steps += [("transformer", stage, "bfloat16") for stage in (1, 0)]
    results = {step: one_step(*step, max_norm, device) for step in steps}
    if ranks.rank() == 0:
        torch.save(results, path)


def one_step(
    model: str, zero_stage: int, precision: str, max_norm: float, device: torch.device
) -> dict[str, Any]:
    from deepspeed.utils import safe_get_full_grad

    data = TrainData(LoaderOfOneStep([0]), "", 8, KINDS, SIZES, (0.5,) * 3, (0.5,) * 3)  # type: ignore[arg-type]
    share = 8 // ranks.world_size()
    trainer, _ = make_trainer(config(model, zero_stage, share, precision), data, device)
    views = [view[ranks.rank() * share :][:share] for view in make_views()]

    method = trainer.method
    outcome = method.forward(trainer.engine, views, 0)
    trainer.engine.backward(outcome.loss)
    norms = trainer.engine.clip(max_norm)
    trained = {name: p for name, p in method.trained.named_parameters() if p.requires_grad}
    gradients = {name: safe_get_full_grad(p).clone() for name, p in trained.items()}
    method.after_step(outcome, 0)
    trainer.engine.close()
    return {
        "loss": ranks.mean_over_ranks(outcome.loss.detach().clone()),
        "norms": dict(zip(trained, norms.tolist(), strict=True)),
        "gradients": gradients,
        "center": method.state()["center"],
        "statistics": {
            f"{network}.{name}": value
            for network, encoder in method.encoders().items()
            for name, value in encoder.named_buffers()
        },
    }


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
