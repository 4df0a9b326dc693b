"""k-NN against a brute-force loop in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fastpass.errors import BadArgument
from fastpass.evaluate.knn import knn_classify


def brute_force(features, labels, queries, k, temperature):
    predictions = []
    for query in queries:
        similarity = np.array(
            [f @ query / np.linalg.norm(f) / np.linalg.norm(query) for f in features]
        )
        votes = np.zeros(labels.max() + 1)
        for index in np.argsort(-similarity)[:k]:
            votes[labels[index]] += np.exp(similarity[index] / temperature)
        predictions.append(votes.argmax())
    return np.array(predictions)


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(3)
    means = random.normal(size=(5, 8))
    labels, query_labels = random.integers(0, 5, 300), random.integers(0, 5, 80)
    features = means[labels] + random.normal(size=(300, 8))
    queries = means[query_labels] + random.normal(size=(80, 8))
    return features, labels, queries, query_labels


@pytest.mark.parametrize(("k", "temperature"), [(1, 0.07), (20, 0.07), (20, 1.0), (300, 0.5)])
@pytest.mark.parametrize("chunk_size", [7, 1024])
def test_equals_brute_force(data, k, temperature, chunk_size):
    features, labels, queries, query_labels = data
    tensors = (torch.from_numpy(array) for array in data)
    result = knn_classify(*tensors, k=k, temperature=temperature, chunk_size=chunk_size)
    expected = brute_force(features, labels, queries, k, temperature)
    np.testing.assert_array_equal(result.predictions, expected)
    assert result.top1 == pytest.approx(100 * (expected == query_labels).mean())


def test_length_of_features_does_not_matter(data):
    features, labels, queries, query_labels = (torch.from_numpy(array) for array in data)
    scaled = features * torch.rand(300, 1) * 100
    one = knn_classify(features, labels, queries, query_labels)
    other = knn_classify(scaled, labels, queries * 7, query_labels)
    assert torch.equal(one.predictions, other.predictions)


def test_weights_can_overrule_the_majority():
    features = torch.tensor([[1.0, 0.0], [0.5, 0.9], [0.5, 0.9]])
    labels, query = torch.tensor([0, 1, 1]), torch.tensor([[1.0, 0.0]])
    cold = knn_classify(features, labels, query, torch.tensor([0]), k=3, temperature=0.07)
    warm = knn_classify(features, labels, query, torch.tensor([0]), k=3, temperature=10.0)
    assert (cold.top1, warm.top1) == (100.0, 0.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"k": 0}, "k = 0"),
        ({"k": 301}, "k = 301"),
        ({"labels": torch.zeros(299, dtype=torch.int64)}, "labels"),
        ({"query_features": torch.zeros(80, 7)}, "dimensions"),
        ({"features": torch.full((300, 8), torch.nan)}, "NaN"),
        ({"labels": torch.full((300,), -1)}, "no label"),
    ],
)
def test_bad_input_is_named(data, change, words):
    names = ("features", "labels", "query_features", "query_labels")
    arguments = dict(zip(names, (torch.from_numpy(array) for array in data), strict=True)) | change
    with pytest.raises(BadArgument, match=words):
        knn_classify(**arguments)


@pytest.mark.parametrize("temperature", [1e-6, 1e-3, 0.01])
def test_no_temperature_overflows(data, temperature):
    """At 0.01, exp(similarity / temperature) is larger than any float32."""
    features, labels, queries, query_labels = (torch.from_numpy(array) for array in data)
    result = knn_classify(features, labels, queries, query_labels, temperature=temperature)
    similarity = torch.nn.functional.cosine_similarity(queries[:, None], features[None], dim=2)
    nearest = labels[similarity.argmax(dim=1)]
    agrees = (result.predictions == nearest).double().mean()
    assert agrees == 1.0 if temperature < 1e-4 else agrees > 0.9


@pytest.mark.parametrize("temperature", [0.0, -0.07, float("nan"), float("inf")])
def test_a_temperature_is_positive(data, temperature):
    tensors = [torch.from_numpy(array) for array in data]
    with pytest.raises(BadArgument, match="temperature"):
        knn_classify(*tensors, temperature=temperature)


def test_labels_may_be_any_numbers():
    features = torch.eye(3)
    labels = torch.tensor([7_000_000_000, 5, 2**60])
    result = knn_classify(features, labels, features, labels, k=1)
    assert result.predictions.tolist() == labels.tolist()
    assert result.top1 == 100.0
