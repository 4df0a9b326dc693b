"""k-NN evaluation of a checkpoint, from image files to a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import torch

from fastpass.common.checks import require_number
from fastpass.common.outputs import mark_of
from fastpass.common.progress import OnProgress, no_progress
from fastpass.evaluate.classes import label_table
from fastpass.evaluate.encoder import load_encoder
from fastpass.evaluate.features import extract_features, open_images
from fastpass.evaluate.knn import MAX_TEMPERATURE, MIN_TEMPERATURE, knn_classify, require_neighbors
from fastpass.evaluate.which import Which
from fastpass.feed.options import Mode
from fastpass.train.checkpoint import Checkpoint

KIND = "knn"  # of output; see fastpass.common.outputs


def evaluate_knn(
    checkpoint: Checkpoint,
    train_source: str,
    val_source: str,
    kinds: Sequence[Which],
    *,
    earlier: Sequence[Checkpoint] = (),
    k: int = 20,
    temperature: float = 0.07,
    batch_size: int = 256,
    mode: Mode = "exact",
    open_images: Callable[..., Any] = open_images,
    on_progress: OnProgress = no_progress,
) -> dict[str, Any]:
    """A report with top-1 accuracy (percent) for each of ``kinds``; see ``load_encoder``.

    ``earlier`` checkpoints of the same run are evaluated too (the first of ``kinds``): the curve.
    """
    temperature = require_number("temperature", temperature, MIN_TEMPERATURE, MAX_TEMPERATURE)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    jobs = [(other, kinds[0]) for other in earlier] + [(checkpoint, which) for which in kinds]
    results = []
    num_train = num_val = 0
    for source, which in jobs:
        start = time.perf_counter()
        encoder = load_encoder(source, which, device)
        reading: dict[str, Any] = {"batch_size": batch_size, "mode": mode, "device": device}
        with (
            closing(open_images(train_source, encoder, **reading)) as bank,
            closing(open_images(val_source, encoder, **reading)) as queries,
        ):
            table = _matched(bank.pack, queries.pack, k)  # before the work, which may be long
            told = partial(_told, on_progress=on_progress, what=f"{which}, step {source.step}")
            features, labels = extract_features(told(bank), encoder.encode)
            query_features, query_labels = extract_features(told(queries), encoder.encode)
        num_train, num_val = len(features), len(query_features)
        query_labels = torch.tensor([table[label] for label in query_labels.tolist()])
        tensors = (features, labels, query_features, query_labels)
        knn = knn_classify(*(t.to(device) for t in tensors), k=k, temperature=temperature)
        seconds = time.perf_counter() - start
        step = source.step if which in ("teacher", "student") else 0
        results.append({"features": which, "step": step, "top1": knn.top1, "seconds": seconds})
    return {
        "written_by": mark_of(KIND),
        "protocol": "weighted k-NN on L2-normalised features, cosine, votes exp(similarity / T)",
        "checkpoint": str(checkpoint.folder),
        "step": checkpoint.step,
        "epoch": checkpoint.state["epoch"],
        "model": checkpoint.state["backbone"],
        "k": k,
        "temperature": temperature,
        "mode": mode,
        "num_train": num_train,
        "num_val": num_val,
        "results": results,
    }


def _told(batches: Any, what: str, on_progress: OnProgress) -> Iterator[Any]:
    """The batches of a loader, and how many of them are done."""
    for done, batch in enumerate(batches):
        on_progress(f"features of the {what}", done, len(batches))
        yield batch


def _matched(bank: Any, queries: Any, k: int) -> dict[int, int]:
    """``label_table`` of two packs, the first of which must have ``k`` images."""
    require_neighbors(k, len(bank.labels))
    labels, query_labels = (torch.tensor(pack.labels) for pack in (bank, queries))
    return label_table(labels, bank.class_names, query_labels, queries.class_names)
