"""Intervals belong to their estimator, and have the width that textbooks give them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suite.errors import SettingsError
from suite.statistics.intervals import (
    bootstrap_error,
    combine_errors,
    mean_interval,
    resample_counts,
    score_interval,
    t_interval,
)


def test_every_resample_draws_as_many_images_as_there_are() -> None:
    counts = resample_counts(7, num_resamples=50)
    assert counts.shape == (50, 7)
    assert (counts.sum(axis=1) == 7).all()


def test_the_interval_of_a_mean_is_students() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, size=12)
    low, high = mean_interval(values)
    assert high - low == pytest.approx(2 * 2.200985 * values.std(ddof=1) / math.sqrt(12), rel=1e-6)
    assert (low + high) / 2 == pytest.approx(values.mean())


def test_the_bootstrap_error_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(1).random(30)
    drawn = resample_counts(30, num_resamples=20_000) @ values / 30
    assert bootstrap_error(drawn, 30) == pytest.approx(values.std(ddof=1) / math.sqrt(30), rel=0.02)


@pytest.mark.parametrize("value", [0.22, 0.5, 0.91, 0.999])
def test_the_interval_of_a_fraction_contains_it_and_stays_inside_zero_and_one(value: float) -> None:
    # Replicates that lie wholly beside the value, as mAP's do by its bias: a percentile interval would miss it.
    drawn = np.clip(np.random.default_rng(0).normal(value - 0.2, 0.05, 500), 0, 1)
    low, high = score_interval(value, drawn, 20)
    assert 0 <= low < value < high <= 1


def test_a_score_of_one_has_no_interval_because_its_error_is_unknown() -> None:
    assert all(math.isnan(end) for end in score_interval(1.0, np.ones(100), 20))
    assert all(math.isnan(end) for end in score_interval(math.nan, np.full(100, math.nan), 20))


def test_trainings_widen_an_interval_and_cost_degrees_of_freedom() -> None:
    images = t_interval(0.8, [(0.01, 99)], fraction=True)
    both = t_interval(0.8, [(0.01, 99), (0.01, 2)], fraction=True)
    assert both[0] < images[0] < 0.8 < images[1] < both[1]
    error, degrees = combine_errors([(0.01, 99), (0.01, 2)])
    assert error == pytest.approx(0.01 * math.sqrt(2))
    assert 2 < degrees < 10
    assert all(math.isnan(part) for part in combine_errors([(0.01, 99), (math.nan, 2)]))


def test_undefined_images_are_left_out() -> None:
    values = np.array([0.2, math.nan, 0.4, 0.6])
    assert mean_interval(values) == mean_interval(values[[0, 2, 3]])
    assert all(math.isnan(end) for end in mean_interval(np.array([math.nan, 1.0])))


def test_no_images_are_refused() -> None:
    with pytest.raises(SettingsError, match="bootstrap"):
        resample_counts(0)


def test_two_methods_see_the_same_draws() -> None:
    assert (resample_counts(4, num_resamples=3) == resample_counts(4, num_resamples=3)).all()
