"""A loader's batches inside a DALI pipeline, by DALI's external source: without a compiler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from fastpass.common.gpu import gpu_of, parse_device

if TYPE_CHECKING:
    from fastpass.feed.batch import Batch
    from fastpass.feed.loader import Loader

_DALI_TYPES = {"float32": "FLOAT", "float16": "FLOAT16", "bfloat16": "UINT16", "uint8": "UINT8"}


class LoaderNodes(NamedTuple):
    """What stands for a loader's batches in the definition of a pipeline: nodes of DALI."""

    views: list[Any]  # one per view of the recipe
    sample_ids: Any
    labels: Any | None  # None where the source has none


def external_source(loader: Loader) -> LoaderNodes:
    """The batches of ``loader`` as inputs of the DALI pipeline that is being defined.

    DALI's operators read the views where the loader has written them: they come over DLPack, and
    their memory is the loader's again when DALI is done with them. (Of a node that is an output of
    the pipeline itself, DALI makes a copy, and so it does of views on a GPU.) The layout is "CHW",
    or "HWC" of a loader with ``memory_format="channels_last"``. DALI has no bfloat16: such views
    are UINT16, the bits. ``Batch.weights`` and ``Batch.outputs`` are left out.

    An epoch of the pipeline is one of the loader: then ``run()`` raises StopIteration, and after
    ``reset()`` the next one begins. DALI takes ``prefetch_queue_depth`` batches ahead of those it
    has given out, so ``loader.state_dict()`` is ahead as well. What is wrong with an image is
    raised by ``run()`` as the error of the loader itself.

    The pipeline's ``batch_size`` must be at least that of the loader. The loader stays the
    caller's: close it after the pipeline.
    """
    from nvidia.dali import fn, types

    options = loader.options
    num_views = len(loader.recipe.views)
    has_labels = loader.pack.num_classes > 0
    layout = "HWC" if options.memory_format == "channels_last" else "CHW"
    view_type = getattr(types, _DALI_TYPES[options.dtype])
    num_ids = 2 if has_labels else 1
    nodes = fn.external_source(
        source=_Batches(loader, is_channels_last=layout == "HWC"),
        num_outputs=num_views + num_ids,
        layout=[layout] * num_views + [""] * num_ids,
        dtype=[view_type] * num_views + [types.INT64] * num_ids,
        ndim=[3] * num_views + [0] * num_ids,
        **_placement(options.device),
    )
    views, (sample_ids, *labels) = nodes[:num_views], nodes[num_views:]
    return LoaderNodes(list(views), sample_ids, labels[0] if labels else None)


def _placement(device: str) -> dict[str, Any]:
    if parse_device(device).type == "cpu":
        return {"no_copy": True}
    gpu = gpu_of(device)
    if gpu.device.type == "cpu":  # the twin
        return {"no_copy": True}
    # A copy, on the stream that the loader's batches are ready on: memory that DALI reads on
    # a stream of its own could be written again before.
    return {"device": "gpu", "cuda_stream": gpu.stream()}


class _Batches:
    """What DALI calls for one batch after the other."""

    def __init__(self, loader: Loader, *, is_channels_last: bool) -> None:
        self._loader = loader
        self._is_channels_last = is_channels_last
        self._epoch: Iterator[Batch] | None = None

    def __call__(self) -> list[Any]:
        if self._epoch is None:
            self._epoch = iter(self._loader)
        try:
            batch = next(self._epoch)
        except BaseException:
            self._epoch = None
            raise
        ids = [batch.sample_ids] if batch.labels is None else [batch.sample_ids, batch.labels]
        views = [self._as_dali_has_it(view) for view in batch.views]
        return [tensor.__dlpack__() for tensor in views + ids]

    def _as_dali_has_it(self, view: Any) -> Any:
        import torch

        if view.dtype == torch.bfloat16:
            view = view.view(torch.uint16)
        return view.permute(0, 2, 3, 1) if self._is_channels_last else view
