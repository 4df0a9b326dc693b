"""uint8 views on a GPU to normalized ones, with our kernel or, where it is not built, torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastpass._native import load_cuda
from fastpass.errors import BadArgument, MissingBackend

if TYPE_CHECKING:
    import torch


def normalize_on_device(
    pixels: torch.Tensor,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    dtype: torch.dtype,
) -> torch.Tensor:
    """(pixels / 255 - mean) / std in one pass, on the current stream of the tensor's device.

    Args:
        pixels: uint8 ``[N, 3, height, width]`` on a CUDA device, contiguous.
        mean, std: per channel, in units of [0, 1].
        dtype: float32, float16 or bfloat16, of the result.
    """
    import torch

    if pixels.dtype != torch.uint8 or pixels.device.type != "cuda" or not pixels.is_contiguous():
        raise BadArgument(
            f"got {pixels.dtype} on {pixels.device}, wanted contiguous uint8 on a CUDA device"
        )
    try:
        cuda = load_cuda()
    except MissingBackend:
        return _normalize_with_torch(pixels, mean, std, dtype)
    out = torch.empty(pixels.shape, dtype=dtype, device=pixels.device)
    with torch.cuda.device(pixels.device):
        cuda.normalize(
            pixels=pixels.data_ptr(),
            out=out.data_ptr(),
            dtype=str(dtype).removeprefix("torch."),
            num_views=pixels.shape[0],
            pixels_per_plane=pixels.shape[2] * pixels.shape[3],
            mean=mean,
            std=std,
            stream=torch.cuda.current_stream().cuda_stream,
        )
    return out


def _normalize_with_torch(
    pixels: torch.Tensor,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    dtype: torch.dtype,
) -> torch.Tensor:
    import torch

    means, stds = (torch.tensor(v, device=pixels.device).view(3, 1, 1) for v in (mean, std))
    return pixels.float().div_(255).sub_(means).div_(stds).to(dtype)
