"""How much of a score is lost when something else than the method changes, such as the state of the sources.

Both scores are one method's, on the same images and from the same trainings, so that the change is known much better
than either score: images and trainings are compared pair by pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from suite.statistics.intervals import NO_INTERVAL, Array, Interval, bootstrap_error, t_interval
from suite.statistics.scored import Scored


@dataclass(frozen=True)
class RelativeChange:
    """A score after as a share of the score before, minus 1: -0.1 is a tenth less."""

    value: float
    """nan where the score before is not positive, or one of the two is undefined."""
    interval: Interval
    """95 % over images, and over trainings where there are several; nan where the records do not tell."""


UNKNOWN = RelativeChange(math.nan, NO_INTERVAL)


def relative_change(before: Scored, after: Scored) -> RelativeChange:
    """The change of one method's score, with the interval of that ratio.

    Args:
        before: The score that is 100 %.
        after: The same method's, on the same images.
    """
    pairs = before.shared_images(after)
    # Where an image is undefined in one of the two, the ratio of the means over the rest is the one with an interval.
    first, second = (pairs[0].mean(), pairs[1].mean()) if pairs else (before.value, after.value)
    if not (math.isfinite(first) and math.isfinite(second) and first > 0):
        return UNKNOWN
    ratio = float(second / first)
    parts = [_by_images(before, after, ratio), *_by_trainings(before, after)]
    return RelativeChange(ratio - 1, t_interval(ratio - 1, parts, fraction=False))


def _by_images(before: Scored, after: Scored, ratio: float) -> tuple[float, float]:
    pairs = before.shared_images(after)
    if pairs is not None:
        first, second = pairs[0].mean(axis=0), pairs[1].mean(axis=0)
        count = len(first)
        # The linearised error of a ratio of means (Cochran, Sampling Techniques, 1977, section 6.4).
        residual: Array = (second - ratio * first) / first.mean()
        return (float(residual.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan), count - 1.0
    if before.replicates is None or after.replicates is None or before.draws != after.draws:
        return math.nan, math.nan
    first, second = before.replicates.mean(axis=0), after.replicates.mean(axis=0)
    ratios = np.divide(second, first, out=np.full_like(first, math.nan), where=first > 0)
    return bootstrap_error(ratios, before.num_images), before.num_images - 1.0


def _by_trainings(before: Scored, after: Scored) -> list[tuple[float, float]]:
    shared = [seed for seed in before.seeds if seed in after.seeds]
    first = np.array([before.values[before.seeds.index(seed)] for seed in shared])
    second = np.array([after.values[after.seeds.index(seed)] for seed in shared])
    known = np.isfinite(first) & np.isfinite(second) & (first > 0) if shared else np.zeros(0, dtype=bool)
    count = int(known.sum())
    if count < 2:
        return []
    ratios = second[known] / first[known]
    return [(float(ratios.std(ddof=1)) / math.sqrt(count), count - 1.0)]
