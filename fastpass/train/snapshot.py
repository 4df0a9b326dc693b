"""The whole state of a run, written to and read from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from fastpass.augment import Recipe
from fastpass.errors import BadCheckpoint
from fastpass.train import checkpoint as files
from fastpass.train import ranks
from fastpass.train.checkpoint import Checkpoint, CheckpointWriter
from fastpass.train.config import Config
from fastpass.train.data import TrainData
from fastpass.train.dino import DinoTrainer
from fastpass.train.read_config import changed_keys


class Snapshots:
    """Saves and restores a run; ``save`` and ``restore`` are called by all ranks together."""

    def __init__(self, run: Path, config: Config, trainer: DinoTrainer, data: TrainData) -> None:
        self._config = config
        self._trainer = trainer
        self._data = data
        self._writer = CheckpointWriter(run, config.checkpoint.keep)

    def save(self, step: int, loader_state: dict[str, Any]) -> None:
        """Write the checkpoint of ``step``. Raises WriteFailed."""
        loader_states = ranks.gather_objects(loader_state)
        if ranks.rank() == 0:
            self._writer.begin(step)
        ranks.barrier()
        self._trainer.engine.save(self._writer.partial_folder(step), {"step": step})
        ranks.barrier()
        if ranks.rank() == 0:
            self._writer.publish(step, self._tensors(), self._state(step, loader_states))
        ranks.barrier()

    def restore(self, checkpoint: Checkpoint) -> int:
        """Put the run into the state of ``checkpoint``; returns the steps done by then.

        Raises BadCheckpoint naming what differs when the checkpoint belongs to another
        configuration, other data or another number of processes, and when a file is damaged.
        """
        state = checkpoint.state
        self._refuse_changes(checkpoint)
        if ranks.rank() == 0:
            checkpoint.verify()
        ranks.barrier()
        client_state = self._trainer.engine.load(checkpoint.folder)
        if client_state.get("step") != checkpoint.step:
            raise BadCheckpoint(
                f"{checkpoint.folder}: DeepSpeed's files are of step {client_state.get('step')}, "
                f"state.json is of step {checkpoint.step}"
            )
        teacher, loss = self._trainer.teacher, self._trainer.loss
        resume = checkpoint.tensors(files.RESUME)
        loss.center.copy_(resume.pop("center"))
        teacher.head.load_state_dict(resume)
        teacher.backbone.load_state_dict(checkpoint.tensors(files.TEACHER))
        self._data.loader.load_state_dict(state["loader"][ranks.rank()])
        return checkpoint.step

    def _refuse_changes(self, checkpoint: Checkpoint) -> None:
        state, where = checkpoint.state, checkpoint.folder
        changes = changed_keys(state["config"], self._config.model_dump(mode="json"))
        if changes:
            raise BadCheckpoint(
                f"{where} was made with another configuration: {'; '.join(changes)}. "
                "Resume with the old values, or start a new run in another --output"
            )
        if state["data"]["fingerprint"] != self._data.fingerprint:
            raise BadCheckpoint(
                f"{where} was trained on other images: {state['data']['num_samples']} with "
                f"fingerprint {state['data']['fingerprint']}, --data now holds "
                f"{self._data.num_samples} with {self._data.fingerprint}. Give the same --data, "
                "or start a new run in another --output"
            )
        made_with = state["data"].get("recipe")
        if made_with and self._data.recipe not in (None, Recipe.from_dict(made_with)):
            raise BadCheckpoint(
                f"{where} was trained on the views of another recipe: "
                f"{self._config.augment.recipe} has changed since. Resume with the old values, or "
                "start a new run in another --output"
            )
        if state["world_size"] != ranks.world_size():
            raise BadCheckpoint(
                f"{where} was made by {state['world_size']} processes, this run has "
                f"{ranks.world_size()}: start as many as before"
            )

    def _tensors(self) -> dict[str, dict[str, Tensor]]:
        trainer = self._trainer
        return {
            files.TEACHER: trainer.teacher.backbone.state_dict(),
            files.STUDENT: trainer.student.backbone.state_dict(),
            files.RESUME: {**trainer.teacher.head.state_dict(), "center": trainer.loss.center},
        }

    def _state(self, step: int, loader_states: list[dict[str, Any]]) -> dict[str, Any]:
        config, data = self._config, self._data
        return {
            "epoch": step / len(data.loader),
            "is_finished": step == self._trainer.schedules.num_steps,
            "world_size": ranks.world_size(),
            "config": config.model_dump(mode="json"),
            "data": {
                "fingerprint": data.fingerprint,
                "num_samples": data.num_samples,
                "recipe": data.recipe and data.recipe.to_dict(),
            },
            "backbone": {
                "name": config.model.name,
                "kwargs": config.model.kwargs,
                "image_size": data.image_size,
                "mean": data.mean,
                "std": data.std,
            },
            "loader": loader_states,
        }
