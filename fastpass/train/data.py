"""The data side of a run: pack, recipe and loader from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch

from fastpass.errors import BadPack, ConfigError
from fastpass.train.config import Config

if TYPE_CHECKING:
    from fastpass.augment import Recipe


class Batch(Protocol):
    """What the loop needs of a batch: views float [N, 3, h, w], in the recipe's order."""

    @property
    def views(self) -> Sequence[torch.Tensor]: ...


class Loader(Protocol):
    """What the loop needs of a loader; fastpass.Loader has it."""

    def __iter__(self) -> Iterator[Batch]: ...
    def __len__(self) -> int: ...
    def set_epoch(self, epoch: int) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any]) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class TrainData:
    """An open loader and what the rest of the run must know about its images."""

    loader: Loader
    fingerprint: str  # of the pack: changes when images are added, removed or replaced
    num_samples: int
    view_kinds: tuple[str, ...]  # "global" or "local", in the order of a batch's views
    view_sizes: tuple[int, ...]  # their sides, pixels
    mean: tuple[float, ...]  # of the normalisation, per channel, in [0, 1] units
    std: tuple[float, ...]
    recipe: Recipe | None = None  # what made the views, so that a resumed run can compare


def open_data(config: Config, pattern: str, device: torch.device) -> TrainData:
    """Open the images that ``pattern`` names (folder, tar or glob) with the configured recipe.

    Rank and world size are taken from the running process group. Raises ConfigError for a wrong
    recipe, BadPack when there are fewer images than one batch of all ranks.
    """
    from fastpass import feed
    from fastpass._native import core
    from fastpass.common.gpu import is_gpu_there
    from fastpass.pack import Pack
    from fastpass.train.engine import ranks

    backend = config.feed.backend
    on_cpu = config.data.device == "cpu" or backend != "native" or not is_gpu_there()
    recipe = make_recipe(config)
    pack = Pack(pattern)
    global_batch = config.data.batch_size * ranks.world_size()
    if len(pack) < global_batch:
        raise BadPack(
            f"{pattern} holds {len(pack)} images, fewer than the {global_batch} of one step "
            f"(data.batch_size {config.data.batch_size} on {ranks.world_size()} processes): "
            "lower data.batch_size, or give more images"
        )
    loader = feed.Loader(
        pack,
        recipe,
        batch_size=config.data.batch_size,
        device="cpu" if on_cpu else str(device),
        backend=backend,
        seed=config.train.seed,
        shuffle=True,
        drop_last=True,  # every rank takes the same number of steps
        rank=ranks.rank(),
        world_size=ranks.world_size(),
        threads=config.data.threads or None,
        mode=config.augment.mode,
        on_error=config.data.on_error,
        on_damage=config.data.on_damage,
        orientation=config.data.orientation,
        max_pixels=config.data.max_pixels or core.DEFAULT_MAX_PIXELS,
        max_scan_blocks=config.data.max_scan_blocks or core.DEFAULT_MAX_SCAN_BLOCKS,
    )
    views = recipe.views
    return TrainData(
        loader=loader,
        fingerprint=str(pack.fingerprint),
        num_samples=len(pack),
        view_kinds=tuple(view.kind for view in views),
        view_sizes=tuple(view.size for view in views),
        mean=tuple(views[0].mean),
        std=tuple(views[0].std),
        recipe=recipe,
    )


def make_recipe(config: Config) -> Recipe:
    """The recipe that [augment] names, with its parameters, or that of a TOML file.

    Raises ConfigError, and what ``recipes.load`` raises.
    """
    from fastpass.augment import recipes

    name, params = config.augment.recipe, config.augment.params
    if not name.endswith(".toml"):
        return _published_recipe(name, params)
    if params:
        raise ConfigError(
            f"augment.params: {', '.join(params)} came with the recipe file {name}; change the file"
        )
    return recipes.load(name)


def _published_recipe(name: str, params: Mapping[str, Any]) -> Recipe:
    from fastpass.augment import recipes

    if name not in recipes.RECIPES:
        raise ConfigError(
            f"augment.recipe: {name!r} is none of {', '.join(recipes.RECIPES)}, and no FILE.toml"
        )
    factory: Callable[..., Recipe] = recipes.RECIPES[name]
    values = {
        key: tuple(value) if isinstance(value, list) else value for key, value in params.items()
    }
    try:
        return factory(**values)
    except TypeError as error:
        raise ConfigError(f"augment.params: {error}") from error
