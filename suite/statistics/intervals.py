"""Bootstrap over test images: how far a score would move had other images of the same kind been drawn.

Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13). Images are the unit, since
the objects of one image are not independent of each other.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from suite.errors import SettingsError

LEVEL = 0.95
NUM_RESAMPLES = 1000


def resample_counts(num_images: int, *, num_resamples: int = NUM_RESAMPLES, seed: int = 0) -> NDArray[np.int64]:
    """How often each image is drawn in each resample, (num_resamples, num_images); every row sums to num_images.

    Raises:
        SettingsError: fewer than one image or one resample.
    """
    if num_images < 1 or num_resamples < 1:
        raise SettingsError(f"a bootstrap needs images and resamples, got {num_images} and {num_resamples}")
    generator = np.random.default_rng(seed)
    return generator.multinomial(num_images, np.full(num_images, 1.0 / num_images), size=num_resamples)


def bootstrap_scores(
    score: Callable[[NDArray[np.int64]], float],
    num_images: int,
    *,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Any score of a set of images in every resample; the same seed draws the same images for every method.

    Args:
        score: From how often each image is drawn, (num_images,), to the score; nan where undefined.
        num_images: Images in the set.
        num_resamples: Bootstrap draws.
        seed: Same seed, same draws.

    Returns:
        (num_resamples,).
    """
    counts = resample_counts(num_images, num_resamples=num_resamples, seed=seed)
    return np.array([score(row) for row in counts])


def percentile_interval(scores: NDArray[np.float64], *, level: float = LEVEL) -> tuple[float, float]:
    """Lower and upper end of the middle `level` of scores, (N,); nan where none is defined."""
    tail = 50.0 * (1.0 - level)
    with warnings.catch_warnings():
        # All-nan is an answer here (undefined in every resample), not an accident.
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanpercentile(scores, [tail, 100.0 - tail])
    return float(low), float(high)


def describe_draws(data_fingerprint: str, num_images: int, num_resamples: int, *, seed: int = 0) -> str:
    """What determines the resampled images; scores of two methods with equal draws may be compared pair by pair."""
    return f"{data_fingerprint}-{num_images}-{num_resamples}-seed{seed}"


def mean_interval(
    values: NDArray[np.float64], *, num_resamples: int = NUM_RESAMPLES, level: float = LEVEL, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean of per-image values, (N,); nan values (undefined images) are left out.

    >>> low, high = mean_interval(np.array([1.0, 1.0, 1.0]))
    >>> (float(low), float(high))
    (1.0, 1.0)
    """
    known = values[np.isfinite(values)]
    if known.size == 0:
        return math.nan, math.nan
    counts = resample_counts(known.size, num_resamples=num_resamples, seed=seed)
    return percentile_interval(counts @ known / known.size, level=level)
