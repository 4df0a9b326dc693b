"""Weighted k-nearest-neighbour classification (Wu et al. 2018, as used by DINO)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from fastpass.common.checks import require_number
from fastpass.errors import BadArgument

MIN_TEMPERATURE, MAX_TEMPERATURE = 1e-6, 1e6


@dataclass(frozen=True)
class KnnResult:
    """Accuracy in percent, and the class predicted for every query (int64 [Q])."""

    top1: float
    predictions: Tensor


@torch.no_grad()
def knn_classify(
    features: Tensor,
    labels: Tensor,
    query_features: Tensor,
    query_labels: Tensor,
    *,
    k: int = 20,
    temperature: float = 0.07,
    chunk_size: int = 1024,
) -> KnnResult:
    """Classify queries by their ``k`` most similar training samples; exact, chunked over queries.

    ``features`` float [N, D] with ``labels`` int64 [N], queries [Q, D] and [Q]. Similarity is the
    cosine; each neighbour votes for its class with weight exp(similarity / temperature); ties
    go to the smaller class number. Memory: chunk_size * N floats. Raises BadArgument for shapes
    that do not match, k outside 1..N, a temperature that is not positive, or negative labels.
    """
    temperature = require_number("temperature", temperature, MIN_TEMPERATURE, MAX_TEMPERATURE)
    require_neighbors(k, len(features))
    _check(features, labels)
    _check(query_features, query_labels)
    if features.shape[1] != query_features.shape[1]:
        raise BadArgument(
            f"features have {features.shape[1]} dimensions, queries {query_features.shape[1]}"
        )
    bank = functional.normalize(features.float(), dim=1).T
    classes, class_index = torch.unique(labels, return_inverse=True)  # they may be large
    predictions = []
    for chunk in torch.split(query_features, chunk_size):
        similarity, index = (functional.normalize(chunk.float(), dim=1) @ bank).topk(k, dim=1)
        votes = similarity.new_zeros(len(chunk), len(classes))
        relative = similarity - similarity[:, :1]  # of the nearest: no temperature overflows
        votes.scatter_add_(1, class_index[index], (relative / temperature).exp())
        predictions.append(classes[votes.argmax(dim=1)])
    predicted = torch.cat(predictions)
    return KnnResult(100.0 * (predicted == query_labels).double().mean().item(), predicted)


def require_neighbors(k: int, num_samples: int) -> None:
    """Raises BadArgument where ``k`` is not among the numbers of neighbors that there are."""
    if not 1 <= k <= num_samples:
        raise BadArgument(f"k = {k}: wanted 1..{num_samples}, the number of training samples")


def _check(features: Tensor, labels: Tensor) -> None:
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise BadArgument(
            f"wanted features [N, D] and labels [N], got {list(features.shape)} and "
            f"{list(labels.shape)}"
        )
    if not torch.isfinite(features).all():
        raise BadArgument("features contain NaN or infinity: the encoder is broken")
    if labels.min() < 0:
        raise BadArgument("labels must not be negative: some images have no label")
