"""The whole state of a run, written to and read from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from fastpass.augment import Recipe
from fastpass.errors import BadCheckpoint, ConfigError, FastpassError
from fastpass.train.checkpoint.folder import RESUME, STATE, Checkpoint, encoder_file, rank_file
from fastpass.train.checkpoint.state import ResumableState
from fastpass.train.checkpoint.writer import CheckpointWriter
from fastpass.train.config import Config
from fastpass.train.data import TrainData
from fastpass.train.engine import ranks
from fastpass.train.methods.method import STUDENT
from fastpass.train.read_config import changed_keys
from fastpass.train.trainer import Trainer


class Snapshots:
    """Saves and restores a run; ``save`` and ``restore`` are called by all ranks together."""

    def __init__(self, run: Path, config: Config, trainer: Trainer, data: TrainData) -> None:
        self._config = config
        self._trainer = trainer
        self._data = data
        self._writer = CheckpointWriter(run, config.checkpoint.keep)

    def save(self, step: int, loader_state: dict[str, Any]) -> None:
        """Write the checkpoint of ``step``. Raises WriteFailed."""
        engine, rank_state = self._trainer.engine, self._trainer.method.rank_state()
        loader_states = ranks.gather_objects(loader_state)
        ranks.on_first_rank(lambda: self._writer.begin(step))
        engine.save(self._writer.partial_folder(step), {"step": step})
        ranks.together(lambda: self._writer.add_rank(step, ranks.rank(), rank_state))
        wanted = engine.checkpoint_files()
        if rank_state:
            wanted += [rank_file(rank) for rank in range(ranks.world_size())]
        ranks.on_first_rank(
            lambda: self._writer.publish(
                step, self._tensors(), self._state(step, loader_states), wanted=wanted
            )
        )

    def restore(self, checkpoint: Checkpoint) -> int:
        """Put the run into the state of ``checkpoint``; returns the steps done by then.

        Raises BadCheckpoint naming what differs when the checkpoint belongs to another
        configuration, other data or another number of processes, and when a file is damaged.
        """
        ranks.together(lambda: self._refuse_changes(checkpoint))
        ranks.on_first_rank(checkpoint.verify)
        client_state = self._trainer.engine.load(checkpoint.folder)
        if client_state.get("step") != checkpoint.step:
            raise BadCheckpoint(
                f"{checkpoint.folder}: DeepSpeed's files are of step {client_state.get('step')}, "
                f"state.json is of step {checkpoint.step}"
            )
        ranks.together(lambda: self._restore_method(checkpoint))
        ranks.together(lambda: self._restore_loader(checkpoint))
        return checkpoint.step

    def _restore_method(self, checkpoint: Checkpoint) -> None:
        """Everything of the method but the student, which is among DeepSpeed's files."""
        method = self._trainer.method
        try:
            for name, encoder in method.encoders().items():
                if name != STUDENT:
                    encoder.load_state_dict(checkpoint.tensors(encoder_file(name)))
            method.load_state(checkpoint.tensors(RESUME))
            if method.rank_state():
                method.load_rank_state(checkpoint.tensors(rank_file(ranks.rank())))
        except (KeyError, RuntimeError) as error:
            raise BadCheckpoint(
                f"{checkpoint.folder}: its tensors are not those of this run's networks ({error})"
            ) from error

    def _restore_loader(self, checkpoint: Checkpoint) -> None:
        """Raises BadCheckpoint where images have changed but for their names and sizes, too."""
        try:
            self._data.loader.load_state_dict(checkpoint.state["loader"][ranks.rank()])
        except ConfigError as error:
            raise BadCheckpoint(
                f"{checkpoint.folder} was trained on other images: {error}. Give the same --data, "
                "or start a new run in another --output"
            ) from error

    def _refuse_changes(self, checkpoint: Checkpoint) -> None:
        state, where = checkpoint.state, checkpoint.folder
        checkpoint.require(ResumableState)
        changes = changed_keys(state["config"], self._config)
        if changes:
            raise BadCheckpoint(
                f"{where} was made with another configuration: {'; '.join(changes)}. "
                "Resume with the old values, or start a new run in another --output"
            )
        self._refuse_other_images(state["data"], where)
        made_with = _recipe_of(checkpoint)
        if made_with and self._data.recipe not in (None, made_with):
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

    def _refuse_other_images(self, made_with: dict[str, Any], where: Path) -> None:
        data = self._data
        if made_with["fingerprint"] != data.fingerprint:
            raise BadCheckpoint(
                f"{where} was trained on other images: {made_with['num_samples']} with "
                f"fingerprint {made_with['fingerprint']}, --data now holds "
                f"{data.num_samples} with {data.fingerprint}. Give the same --data, "
                "or start a new run in another --output"
            )

    def _tensors(self) -> dict[str, dict[str, Tensor]]:
        method = self._trainer.method
        encoders = method.encoders().items()
        return {
            **{encoder_file(name): encoder.state_dict() for name, encoder in encoders},
            RESUME: method.state(),
        }

    def _state(self, step: int, loader_states: list[dict[str, Any]]) -> dict[str, Any]:
        config, data = self._config, self._data
        return {
            "epoch": step / len(data.loader),
            "is_finished": step == self._trainer.num_steps,
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
                "image_size": data.view_sizes[0],
                "mean": data.mean,
                "std": data.std,
            },
            "loader": loader_states,
        }


def _recipe_of(checkpoint: Checkpoint) -> Recipe | None:
    made_with = checkpoint.state["data"].get("recipe")
    try:
        return Recipe.from_dict(made_with) if made_with else None
    except FastpassError as error:
        raise BadCheckpoint(f"{checkpoint.folder / STATE}: data.recipe: {error}") from error
