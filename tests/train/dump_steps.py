"""Steps of the trainer on this rank's share of each batch: dump_steps.py FILE."""

from __future__ import annotations

import sys

import torch
from steps import KINDS, NUM_STEPS, SIZES, STEPS_PER_EPOCH, config, make_views

from fastpass.train.data import TrainData
from fastpass.train.engine import ranks
from fastpass.train.engine.deepspeed import start_processes
from fastpass.train.run import make_trainer


def main(path: str) -> None:
    device = start_processes()
    torch.set_num_threads(1)
    share = 8 // ranks.world_size()
    loader = range(STEPS_PER_EPOCH)  # only its length is asked for
    data = TrainData(loader, "", 8, KINDS, SIZES, (0.5,) * 3, (0.5,) * 3)  # type: ignore[arg-type]
    results = {}
    for zero_stage in (1, 0):
        trainer, _ = make_trainer(config(zero_stage, share), data, device)
        losses = []
        for step in range(NUM_STEPS):
            views = [view[ranks.rank() * share :][:share] for view in make_views(step)]
            loss = trainer.train_step(views, step).loss.detach().clone()
            losses.append(float(ranks.mean_over_ranks(loss)))
        method = trainer.method
        results[zero_stage] = {
            "losses": losses,
            "student": {n: p.detach().clone() for n, p in method.trained.named_parameters()},
            "teacher_backbone": method.encoders()["teacher"].state_dict(),
            "state": method.state(),
        }
        trainer.engine.close()
    if ranks.rank() == 0:
        torch.save(results, path)


if __name__ == "__main__":
    main(sys.argv[1])
