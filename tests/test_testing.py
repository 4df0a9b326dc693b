"""fastpass.testing: the switch that makes a GPU of the CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.pictures import jpeg

import fastpass as fp
from fastpass.testing import gpu_twin

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@no_gpu
def test_the_switch_holds_for_its_block_alone() -> None:
    data = jpeg(1)
    with pytest.raises(fp.MissingBackend):
        fp.decode_jpeg(data, device="cuda")
    with gpu_twin() as device:
        assert device == torch.device("cpu")
        got = fp.decode_jpeg(data, device="cuda")
        assert got.device == device
        assert np.array_equal(got.numpy(), fp.decode_jpeg(data))
    with pytest.raises(fp.MissingBackend):
        fp.decode_jpeg(data, device="cuda")


@no_gpu
def test_it_ends_with_an_exception_and_nests() -> None:
    with pytest.raises(ZeroDivisionError), gpu_twin(seed=4), gpu_twin(seed=5):
        raise ZeroDivisionError
    with gpu_twin():
        with gpu_twin(seed=2**64 - 1):
            pass
        fp.decode_jpeg(jpeg(1), device="cuda:1")
    with pytest.raises(fp.MissingBackend):
        fp.decode_jpeg(jpeg(1), device="cuda")


def test_a_seed_out_of_range_is_refused() -> None:
    with pytest.raises(fp.BadArgument, match="seed = -1"), gpu_twin(seed=-1):
        pass
