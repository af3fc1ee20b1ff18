"""The interval of a relative change: paired by image and training."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suite.statistics.loss import relative_change
from suite.statistics.scored import Scored


def of_images(values: np.ndarray, seeds: tuple[int, ...] = ()) -> Scored:
    table = np.atleast_2d(values)
    count = table.shape[1]
    ids = tuple(map(str, range(count)))
    return Scored(values=np.nanmean(table, axis=1), seeds=seeds, images=table, ids=ids, num_images=count)


def test_images_that_all_lose_a_tenth_lose_exactly_a_tenth() -> None:
    before = np.random.default_rng(0).uniform(0.2, 0.9, 30)
    change = relative_change(of_images(before), of_images(0.9 * before + 1e-9 * np.arange(30)))
    assert change.value == pytest.approx(-0.1, abs=1e-6)
    assert change.interval == (pytest.approx(-0.1, abs=1e-6), pytest.approx(-0.1, abs=1e-6))


def test_the_interval_of_a_ratio_covers_the_truth_as_often_as_promised() -> None:
    random, covered, studies = np.random.default_rng(1), 0, 400
    for _ in range(studies):
        before = random.uniform(0.3, 0.9, 40)
        change = relative_change(of_images(before), of_images(0.8 * before + random.normal(0, 0.05, 40)))
        covered += change.interval[0] <= -0.2 <= change.interval[1]
    assert covered / studies == pytest.approx(0.95, abs=0.03)


def test_bootstrap_replicates_are_compared_where_they_drew_the_same_images() -> None:
    random = np.random.default_rng(2)
    draws = random.normal(0.6, 0.05, (1, 500))
    one = Scored(values=np.array([0.6]), replicates=draws, draws="same", num_images=50, fraction=True)
    two = Scored(values=np.array([0.45]), replicates=0.75 * draws + random.normal(0, 1e-3, (1, 500)), draws="same",
                 num_images=50, fraction=True)  # fmt: skip
    change = relative_change(one, two)
    assert change.value == pytest.approx(-0.25)
    assert change.interval[0] < change.value < change.interval[1]
    assert change.interval[1] - change.interval[0] < 0.02
    other = Scored(values=np.array([0.45]), replicates=draws, draws="others", num_images=50, fraction=True)
    assert all(map(math.isnan, relative_change(one, other).interval))


def test_trainings_that_fall_differently_widen_the_interval() -> None:
    before = np.tile(np.random.default_rng(3).uniform(0.4, 0.8, 60), (3, 1))
    alike = relative_change(of_images(before, (0, 1, 2)), of_images(0.8 * before + 1e-4, (0, 1, 2)))
    apart = relative_change(of_images(before, (0, 1, 2)), of_images(np.diag([0.7, 0.8, 0.9]) @ before, (0, 1, 2)))
    width = [one.interval[1] - one.interval[0] for one in (alike, apart)]
    assert width[1] > 10 * width[0]


def test_a_score_of_zero_loses_nothing_that_could_be_told() -> None:
    change = relative_change(of_images(np.zeros(5)), of_images(np.ones(5)))
    assert math.isnan(change.value)
