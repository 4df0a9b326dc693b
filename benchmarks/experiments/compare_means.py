"""Do the means of a few groups differ by more than their scatter explains?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

NOISE_ERRORS = 2.0  # a difference of at most so many standard errors counts as noise


@dataclass(frozen=True)
class Comparison:
    """One group, and its mean minus the reference's (0 for the reference itself)."""

    mean: float
    std: float  # of the group, n - 1 in the denominator
    difference: float
    standard_error: float  # of the difference, from the scatter of all groups pooled

    @property
    def is_within_noise(self) -> bool:
        return abs(self.difference) <= NOISE_ERRORS * self.standard_error

    def to_dict(self) -> dict[str, float | bool]:
        numbers = {name: round(value, 3) for name, value in asdict(self).items()}
        return {**numbers, "is_within_noise": self.is_within_noise}


def compare_means(groups: Mapping[str, Sequence[float]], reference: str) -> dict[str, Comparison]:
    """Every group against ``groups[reference]``; each needs at least two values.

    One variance is assumed for all groups and estimated from all of them together: with three
    values in a group, its own says little.
    """
    degrees = sum(len(values) - 1 for values in groups.values())
    squares = sum(statistics.variance(v) * (len(v) - 1) for v in groups.values())
    pooled = math.sqrt(squares / degrees)
    center = statistics.fmean(groups[reference])
    size = len(groups[reference])
    return {
        name: Comparison(
            mean=statistics.fmean(values),
            std=statistics.stdev(values),
            difference=statistics.fmean(values) - center,
            standard_error=pooled * math.sqrt(1 / len(values) + 1 / size),
        )
        for name, values in groups.items()
    }
