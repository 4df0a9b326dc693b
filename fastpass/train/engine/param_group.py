"""What an optimizer is told of parameters that share their settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import nn

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ParamGroup:
    """Parameters that share their learning rate and weight decay at every step."""

    parameters: Sequence[nn.Parameter]
    lr: FloatArray  # float64 [number of steps]
    weight_decay: FloatArray  # float64 [number of steps]
    frozen_steps: int = 0  # at the start: lr is 0, and the optimizer begins after them
