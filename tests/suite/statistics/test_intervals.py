"""Bootstrap intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suite.errors import SettingsError
from suite.statistics.intervals import bootstrap_scores, mean_interval, percentile_interval, resample_counts


def test_every_resample_draws_as_many_images_as_there_are() -> None:
    counts = resample_counts(7, num_resamples=50)
    assert counts.shape == (50, 7)
    assert (counts.sum(axis=1) == 7).all()


def test_the_interval_of_a_mean_has_its_textbook_width() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, size=400)
    low, high = mean_interval(values, num_resamples=4000)
    standard_error = values.std(ddof=1) / math.sqrt(400)
    assert high - low == pytest.approx(2 * 1.96 * standard_error, rel=0.05)
    assert low < values.mean() < high


def test_the_general_form_agrees_with_the_mean() -> None:
    values = np.random.default_rng(1).random(30)
    scores = bootstrap_scores(lambda counts: float(counts @ values / counts.sum()), 30, num_resamples=200)
    assert percentile_interval(scores) == pytest.approx(mean_interval(values, num_resamples=200))


def test_undefined_images_are_left_out() -> None:
    values = np.array([0.2, math.nan, 0.4, 0.6])
    assert mean_interval(values) == mean_interval(values[[0, 2, 3]])
    assert all(math.isnan(end) for end in mean_interval(np.array([math.nan])))


def test_an_undefined_score_has_no_interval() -> None:
    assert all(math.isnan(end) for end in percentile_interval(bootstrap_scores(lambda _: math.nan, 3, num_resamples=5)))


def test_no_images_are_refused() -> None:
    with pytest.raises(SettingsError, match="bootstrap"):
        resample_counts(0)


def test_two_methods_see_the_same_draws() -> None:
    draws: list[list[int]] = []
    for _ in range(2):
        bootstrap_scores(lambda counts: draws.append(counts.tolist()) or 0.0, 4, num_resamples=3)  # type: ignore[func-returns-value]
    assert draws[:3] == draws[3:]
