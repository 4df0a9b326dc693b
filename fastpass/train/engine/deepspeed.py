"""The only file that knows DeepSpeed: sharded AdamW steps, clipping, its half of a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from fastpass.errors import BadCheckpoint, MissingBackend, WriteFailed
from fastpass.train.config import Config
from fastpass.train.engine import ranks
from fastpass.train.engine.clipping import clip_each_tensor
from fastpass.train.engine.launch import find_place
from fastpass.train.engine.param_group import ParamGroup

TAG = "deepspeed"  # the folder of DeepSpeed's files inside a checkpoint


def start_processes() -> torch.device:
    """Join the run that a launcher started (or be a run of one); returns this rank's device.

    Works under ``deepspeed``, ``torchrun``, ``srun``, ``mpirun`` and plain ``python``.
    Raises LaunchFailed, and MissingBackend when DeepSpeed is not installed.
    """
    place = find_place()
    place.require_address()
    has_gpu = torch.cuda.is_available()
    if has_gpu:  # DeepSpeed takes the GPU that LOCAL_RANK says
        place = replace(place, local_rank=place.gpu_index(torch.cuda.device_count()))
    place.export()
    if not has_gpu:
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    try:
        import deepspeed
    except ImportError as error:
        raise MissingBackend("training needs DeepSpeed: pip install 'fastpass[train]'") from error
    # On CPUs DeepSpeed would compile an all-reduce through shared memory when it is first used:
    # 40 s, and a compiler wanted wherever one trains. Gloo is there already.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    device = torch.device("cuda", place.local_rank) if has_gpu else torch.device("cpu")
    if has_gpu:
        torch.cuda.set_device(device)
    ranks.join(place, "nccl" if has_gpu else "gloo")
    deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False)
    return device


class TrainEngine:
    """A network under DeepSpeed with AdamW (betas 0.9, 0.999, eps 1e-8).

    Gradients are averaged over ranks; parameters stay float32 and whole on every rank (ZeRO-1
    shards the optimizer's state only), with bf16 autocast where the precision asks for it. The
    order of a step is forward, backward, clip, step.
    """

    def __init__(
        self,
        network: nn.Module,
        groups: Sequence[ParamGroup],
        config: Config,
        device: torch.device,
    ) -> None:
        import deepspeed

        self.device = device
        self.is_autocast = uses_bfloat16(config, device)
        self._is_partitioned = config.train.zero_stage > 0
        self._parameters = [p for p in network.parameters() if p.requires_grad]
        self._groups = [group for group in groups if group.parameters]  # DeepSpeed drops the empty
        optimizer = torch.optim.AdamW(
            [{"params": list(group.parameters)} for group in self._groups],
            lr=0.0,
            fused=device.type == "cuda",
        )
        self._engine, *_ = deepspeed.initialize(
            model=network, optimizer=optimizer, config=_deepspeed_config(config, self.is_autocast)
        )

    def autocast(self) -> torch.autocast:
        """The precision of the network, for what a method runs beside it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_autocast)

    def forward(self, *inputs: Any) -> Any:
        """The network applied to ``inputs``; call it once per step."""
        return self._engine(*inputs)

    def backward(self, loss: Tensor) -> None:
        self._engine.backward(loss)

    def clip(self, max_norm: float) -> Tensor:
        """Clip each tensor's averaged gradient; returns the norms float32 [num tensors]."""
        return clip_each_tensor(
            [self._local_gradient(parameter) for parameter in self._parameters],
            max_norm,
            is_partitioned=self._is_partitioned,
            device=self.device,
        )

    def step(self, step: int) -> None:
        """One AdamW update with every group's values of ``step``."""
        for ours, group in zip(self._groups, self._engine.optimizer.param_groups, strict=True):
            group["lr"] = float(ours.lr[step])
            group["weight_decay"] = float(ours.weight_decay[step])
        self._engine.step()
        for ours, group in zip(self._groups, self._engine.optimizer.param_groups, strict=True):
            if step < ours.frozen_steps:
                self._forget(group)

    def _forget(self, group: dict[str, Any]) -> None:
        """Let AdamW begin anew: what it sees of a frozen tensor is not meant for it.

        After every frozen step, not at the first free one: damaged images may cost that one its
        batch.
        """
        for parameter in group["params"]:
            for value in self._engine.optimizer.state[parameter].values():
                if isinstance(value, Tensor):
                    value.zero_()

    def save(self, folder: Path, client_state: dict[str, Any]) -> None:
        """Write DeepSpeed's files into ``folder``; to be called by all ranks.

        Raises WriteFailed.
        """
        try:
            self._engine.save_checkpoint(str(folder), TAG, client_state, save_latest=False)
        except (OSError, RuntimeError) as error:  # torch.save turns a full disk into RuntimeError
            raise WriteFailed(f"cannot write {folder / TAG}: {error}") from error

    def checkpoint_files(self) -> list[str]:
        """What ``save`` has left in its folder when all ranks are done."""
        names = ["mp_rank_00_model_states.pt"]
        if self._is_partitioned:
            shards = range(ranks.world_size())
            names += [f"zero_pp_rank_{rank}_mp_rank_00_optim_states.pt" for rank in shards]
        return [f"{TAG}/{name}" for name in names]

    def load(self, folder: Path) -> dict[str, Any]:
        """Restore network and optimizer; returns the client_state. Raises BadCheckpoint."""
        try:
            path, client_state = self._engine.load_checkpoint(str(folder), TAG)
        except Exception as error:  # unpickling a damaged file can raise anything
            raise BadCheckpoint(
                f"{folder / TAG} cannot be loaded ({type(error).__name__}: {error}); "
                "remove that checkpoint and resume from an older one"
            ) from error
        if path is None:
            raise BadCheckpoint(f"{folder / TAG} holds no DeepSpeed checkpoint")
        state: dict[str, Any] = client_state
        return state

    def close(self) -> None:
        self._engine.destroy()

    def _local_gradient(self, parameter: nn.Parameter) -> Tensor | None:
        """The part of the averaged gradient that this rank will step with, as a view.

        Under ZeRO-1 DeepSpeed reduces gradients in backward and keeps each rank's flat partition;
        a parameter may lie across two partitions or wholly in another rank's.
        """
        if not self._is_partitioned:
            return parameter.grad
        mapping = parameter._hp_mapping  # type: ignore[attr-defined]
        if mapping is None:
            return None
        gradient: Tensor = mapping.get_lp_grad_fragment(parameter._index_in_param_group)  # type: ignore[attr-defined]
        return gradient


def uses_bfloat16(config: Config, device: torch.device) -> bool:
    """``precision = "auto"`` means bf16 on GPUs and float32 on CPUs."""
    precision = config.train.precision
    return precision == "bfloat16" or (precision == "auto" and device.type == "cuda")


def _deepspeed_config(config: Config, is_autocast: bool) -> dict[str, Any]:
    return {
        "train_micro_batch_size_per_gpu": config.data.batch_size,
        "gradient_accumulation_steps": 1,
        # Newer DeepSpeed clips the global norm to 1 unless told not to; we clip per tensor.
        "gradient_clipping": 0.0,
        "zero_optimization": {"stage": config.train.zero_stage, "overlap_comm": False},
        # No layer's gradients are averaged in bf16: the sum over many ranks would lose digits.
        "torch_autocast": {
            "enabled": is_autocast,
            "dtype": "bfloat16",
            "lower_precision_safe_modules": [],
        },
        "steps_per_print": 2**31,
        "wall_clock_breakdown": False,
    }
