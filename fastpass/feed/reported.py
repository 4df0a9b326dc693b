"""Batches of other loaders, which come with a report on every sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastpass.augment.op_outputs import by_name, check_dtype_of_ops, output_places
from fastpass.augment.recipe import Recipe
from fastpass.errors import (
    BadSeekIndex,
    BadViewOp,
    CorruptImage,
    FastpassError,
    ImageTooLarge,
    TooManyScans,
    UnsupportedImage,
)
from fastpass.feed.backend import MadeBatch, WorkDone
from fastpass.feed.c_api import Report
from fastpass.feed.delivery import Delivery
from fastpass.feed.options import Options
from fastpass.feed.permutation import Positions
from fastpass.pack import Pack

# Faults of an image; others, of the storage or the memory, would meet every other sample as well
# (csrc/feed/batch_maker.cpp).
_OF_THE_IMAGE = (
    CorruptImage,
    UnsupportedImage,
    ImageTooLarge,
    TooManyScans,
    BadSeekIndex,
    BadViewOp,
)


class ReportedBatches:
    """Makes batches of what another loader hands out, and raises or skips what it reports."""

    def __init__(
        self,
        pack: Pack,
        recipe: Recipe,
        options: Options,
        weights: npt.NDArray[np.float32] | None,
    ) -> None:
        """Raises BadArgument for operations that do not work on the views' dtype."""
        check_dtype_of_ops(recipe, options.dtype)
        self._num_views, self._places = len(recipe.views), output_places(recipe)
        self._native: Any = pack.native
        self._options = options
        self._delivery = Delivery(options.dtype, has_labels=pack.num_classes > 0, weights=weights)
        self._num_images = self._decode_nanoseconds = self._augment_nanoseconds = 0

    def made(
        self,
        arrays: list[npt.NDArray[Any]],
        reports: npt.NDArray[np.uint8],
        positions: Positions,
        unread: Mapping[int, FastpassError],
    ) -> MadeBatch:
        """``arrays``: the views, [N, 3, size, size] or [N, size, size, 3] as ``memory_format`` has
        it, then the outputs of operations, [N, ...]; ``reports``: uint8 [N, bytes of a report];
        ``unread``: place -> why a sample was not read.

        Raises the first error that is not to be skipped.
        """
        errors = self._errors(reports, positions, unread)
        for error in errors.values():
            if self._options.on_error == "raise" or not isinstance(error, _OF_THE_IMAGE):
                raise error
        sample_ids = np.array([self._native.sample_id(p) for p in positions.tolist()], np.int64)
        skipped: list[tuple[int, Exception]] = [
            (int(sample_ids[place]), error) for place, error in errors.items()
        ]
        kept = [place for place in range(len(positions)) if place not in errors]
        if not kept:
            return MadeBatch(None, 0, skipped)
        if skipped:
            arrays = [array[kept] for array in arrays]
            positions, sample_ids = positions[kept], sample_ids[kept]
        views, of_ops = arrays[: self._num_views], arrays[self._num_views :]
        if self._options.memory_format == "channels_last":
            views = [view.transpose(0, 3, 1, 2) for view in views]
        labels = np.array([self._native.label(p) for p in positions.tolist()], np.int64)
        outputs = by_name(self._places, of_ops)
        batch = self._delivery.batch(views, sample_ids, positions, labels, outputs)
        return MadeBatch(batch, len(kept), skipped)

    def _errors(
        self,
        reports: npt.NDArray[np.uint8],
        positions: Positions,
        unread: Mapping[int, FastpassError],
    ) -> dict[int, FastpassError]:
        """Place -> what is wrong with the sample there, in order."""
        errors: dict[int, FastpassError] = {}
        for place, row in enumerate(reports):
            report = Report.from_buffer_copy(row)
            self._decode_nanoseconds += report.decode_nanoseconds
            self._augment_nanoseconds += report.augment_nanoseconds
            error = unread.get(place) or report.error()
            if error is None:
                self._num_images += 1
                continue
            if place not in unread:
                error.add_context(self._native.describe(int(positions[place])))
            errors[place] = error
        return errors

    def work_done(self, *, read_seconds: float, num_slots: int) -> WorkDone:
        return WorkDone(
            read_seconds=read_seconds,
            decode_seconds=self._decode_nanoseconds * 1e-9,
            augment_seconds=self._augment_nanoseconds * 1e-9,
            num_images=self._num_images,
            num_slots=num_slots,
        )

    def close(self) -> None:
        """Let go of the pack."""
        self._native = None
