"""Pictures are never empty, never alike, and their colors tell little about their class."""

from __future__ import annotations

import numpy as np
import pytest

from fastpass.synth import dataset
from fastpass.synth.chaos import compose, coverage, plasma
from fastpass.synth.dataset import COVERAGE_RANGE, class_system, instance_picture
from fastpass.synth.ifs import sample_system, vary_system
from fastpass.synth.scene import Picture, draw_picture

NUM_CLASSES, PER_CLASS = 12, 12


@pytest.fixture(scope="module")
def pictures() -> list[list[Picture]]:
    rows = []
    for label in range(NUM_CLASSES):
        system = class_system(3, label)
        rows.append(
            [
                instance_picture(
                    system, seed=3, split="train", class_index=label, instance=index, size=128
                )
                for index in range(PER_CLASS)
            ]
        )
    return rows


def test_no_picture_is_nearly_empty_or_nearly_full(pictures: list[list[Picture]]) -> None:
    for row in pictures:
        for picture in row:
            assert COVERAGE_RANGE[0] <= picture.coverage <= COVERAGE_RANGE[1]
            # An independent look at the pixels: edges exist, and in more than a corner of it.
            gray = picture.image.mean(axis=2)
            edges = np.abs(np.diff(gray, axis=1)) > 20
            assert edges.mean() > 0.01
            assert (edges.any(axis=0)).mean() > 0.15


@pytest.mark.parametrize("size", [32, 700])
def test_pictures_of_any_size_are_accepted_soon(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Picture] = []

    def counting(*arguments: object) -> Picture:
        drawn.append(draw_picture(*arguments))  # type: ignore[arg-type]
        return drawn[-1]

    monkeypatch.setattr(dataset, "draw_picture", counting)
    for label in range(6):
        system = class_system(3, label)
        drawn.clear()
        for index in range(3):
            instance_picture(
                system, seed=3, split="train", class_index=label, instance=index, size=size
            )
        assert len(drawn) <= 5


def test_a_picture_that_is_never_good_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "COVERAGE_RANGE", (2.0, 3.0))
    system = class_system(0, 0)
    picture = instance_picture(system, seed=0, split="train", class_index=0, instance=0, size=32)
    assert picture.image.shape == (32, 32, 3)


def test_coverage_counts_cells_not_pixels() -> None:
    counts = np.zeros((128, 128), np.float32)
    counts[:64, ::2] = 1.0  # every second column of the upper half
    assert coverage(counts, 64) == 0.5
    assert coverage(counts, 128) == 0.25


def test_all_pictures_differ(pictures: list[list[Picture]]) -> None:
    flat = [picture.image.tobytes() for row in pictures for picture in row]
    assert len(set(flat)) == len(flat)


def test_mean_color_says_little_about_the_class(pictures: list[list[Picture]]) -> None:
    colors = np.array([[p.image.mean(axis=(0, 1)) for p in row] for row in pictures])
    flat = colors.reshape(-1, 3)
    labels = np.repeat(np.arange(NUM_CLASSES), PER_CLASS)
    distance = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    accuracy = float(np.mean(labels[distance.argmin(axis=1)] == labels))
    assert accuracy < 0.5  # chance is 1 / NUM_CLASSES


def test_same_generator_same_pixels_other_generator_other_pixels() -> None:
    system = sample_system(np.random.default_rng(1))
    first, again, other = (
        draw_picture(system, np.random.default_rng(seed), 64).image for seed in (5, 5, 6)
    )
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_instances_are_closer_to_their_class_than_classes_to_each_other() -> None:
    parents = [class_system(0, label) for label in range(6)]
    same, other = [], []
    for index, parent in enumerate(parents):
        child = vary_system(parent, np.random.default_rng(index), 0.04)
        assert not np.array_equal(child.theta, parent.theta)
        same.append(np.abs(child.translation - parent.translation).mean())
        for stranger in parents[index + 1 :]:
            if stranger.num_maps == parent.num_maps:
                gap = np.abs(stranger.translation - parent.translation)
                other.append(gap.mean())
    assert max(same) < 0.5 * min(other)


def test_plasma_passes_through_its_grid() -> None:
    grid = np.array([[0.0, 1.0], [2.0, 3.0]])
    field = np.zeros((512, 512), np.float32)
    plasma(grid, 512, field)
    corners = field[[0, 0, -1, -1], [0, -1, 0, -1]]
    np.testing.assert_allclose(corners, [0, 1, 2, 3], atol=1e-3)


def test_compose_shows_the_ground_where_no_point_fell_and_ink_where_opaque() -> None:
    counts = np.array([[0.0, 1.0, 9.0]], np.float32)
    tints = np.array([[0.0, 1.0, 0.0]], np.float32)
    palette = np.zeros((256, 3), np.float32)
    palette[255] = 200.0, 100.0, 50.0
    palette[0] = 10.0, 20.0, 30.0
    ground = np.full((256, 3), 80.0, np.float32)
    opacity = np.array([0.0, 0.5, 1.0], np.float32)
    image = compose(counts, tints, opacity, palette, np.zeros((1, 3), np.float32), ground)
    assert image.tolist() == [[[80, 80, 80], [140, 90, 65], [10, 20, 30]]]
