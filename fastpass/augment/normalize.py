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
        pixels: uint8 ``[N, 3, height, width]`` on a CUDA device, contiguous or channels-last; the
            result has the same order in memory.
        mean, std: per channel, in units of [0, 1].
        dtype: float32, float16 or bfloat16, of the result.
    """
    import torch

    is_planar = pixels.is_contiguous()
    is_dense = is_planar or pixels.is_contiguous(memory_format=torch.channels_last)
    if pixels.dtype != torch.uint8 or pixels.device.type != "cuda" or not is_dense:
        raise BadArgument(
            f"got {pixels.dtype} on {pixels.device}, wanted contiguous uint8 on a CUDA device"
        )
    try:
        cuda = load_cuda()
    except MissingBackend:
        return _normalize_with_torch(pixels, mean, std, dtype)
    out = torch.empty_like(pixels, dtype=dtype)  # with the strides of pixels
    num_views, pixels_per_plane = pixels.shape[0], pixels.shape[2] * pixels.shape[3]
    if not is_planar:  # to the kernel, channels-last pixels are so many planar views of one pixel
        num_views, pixels_per_plane = num_views * pixels_per_plane, 1
    with torch.cuda.device(pixels.device):
        cuda.normalize(
            pixels=pixels.data_ptr(),
            out=out.data_ptr(),
            dtype=str(dtype).removeprefix("torch."),
            num_views=num_views,
            pixels_per_plane=pixels_per_plane,
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
