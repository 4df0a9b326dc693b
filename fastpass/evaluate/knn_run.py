"""k-NN evaluation of a checkpoint, from image files to a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import torch
from torch import Tensor

from fastpass.common.outputs import mark_of
from fastpass.evaluate.encoder import Encoder, load_encoder
from fastpass.evaluate.features import extract_features, open_images
from fastpass.evaluate.knn import knn_classify
from fastpass.evaluate.which import Which
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
    open_images: Callable[..., Any] = open_images,
) -> dict[str, Any]:
    """A report with top-1 accuracy (percent) for each of ``kinds``; see ``load_encoder``.

    ``earlier`` checkpoints of the same run are evaluated too (the first of ``kinds``): the curve.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    jobs = [(other, kinds[0]) for other in earlier] + [(checkpoint, which) for which in kinds]
    results = []
    num_train = num_val = 0
    for source, which in jobs:
        start = time.perf_counter()
        encoder = load_encoder(source, which, device)

        def features_of(images: str, encoder: Encoder = encoder) -> tuple[Tensor, Tensor]:
            loader = open_images(images, encoder, batch_size=batch_size, device=device)
            with closing(loader):
                return extract_features(loader, encoder.encode)

        features, labels = features_of(train_source)
        queries, query_labels = features_of(val_source)
        num_train, num_val = len(features), len(queries)
        knn = knn_classify(
            features.to(device), labels.to(device), queries.to(device), query_labels.to(device),
            k=k, temperature=temperature,
        )  # fmt: skip
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
        "num_train": num_train,
        "num_val": num_val,
        "results": results,
    }
