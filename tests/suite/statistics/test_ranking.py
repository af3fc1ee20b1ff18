"""Ranks, groups that no test tells apart, and exact rank correlations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from suite.statistics.comparison import compare_methods
from suite.statistics.ranking import cliques, friedman, rank_correlation, rank_correlation_interval, ranks
from tests.suite.statistics.conftest import Study


def test_ranks_put_the_best_first_and_share_ties() -> None:
    np.testing.assert_array_equal(ranks(np.array([[3.0, 1.0, 3.0]])), [[1.5, 3.0, 1.5]])
    np.testing.assert_array_equal(ranks(np.array([[3.0, 1.0]]), higher=False), [[2.0, 1.0]])


def test_a_clique_never_holds_a_significant_pair(study: Study) -> None:
    scores = np.random.default_rng(0).normal(0, 0.5, (40, 5)) + np.array([0, 0.1, 0.5, 0.6, 2])
    tests = compare_methods(study(scores), higher=True)
    groups = cliques(tests, list("edcba"))
    assert groups
    for group in groups:
        assert len(group) > 1
        assert all(tests.p_value(x, y) >= 0.05 for x in group for y in group)


def test_friedman_and_correlation_are_nan_where_nothing_can_be_said() -> None:
    assert math.isnan(friedman(np.ones((5, 2))))
    assert math.isnan(rank_correlation([1, 2, 3, 4], [1, 2, 3, 4])[0])
    assert math.isnan(rank_correlation([1, 1, 1, 1, 1], [1, 2, 3, 4, 5])[0])


def test_a_perfect_correlation_of_five_has_the_p_of_all_its_orders() -> None:
    rho, p = rank_correlation([1, 2, 3, 4, 5], [2, 4, 6, 8, 9])
    assert (rho, p) == (pytest.approx(1), pytest.approx(2 / 120))


def test_the_p_of_a_rank_correlation_counts_every_order_ties_included() -> None:
    x, y = [1.0, 2.0, 2.0, 4.0, 5.0, 7.0], [2.0, 1.0, 4.0, 3.0, 3.0, 9.0]
    rho, p = rank_correlation(x, y)
    every = [abs(spearmanr(x, order).statistic) for order in itertools.permutations(y)]
    assert rho == pytest.approx(float(spearmanr(x, y).statistic))
    assert p == pytest.approx(np.mean([one >= abs(rho) - 1e-9 for one in every]))


def test_the_interval_of_a_rank_correlation_covers_it() -> None:
    generator = np.random.default_rng(0)
    truth, count, covered = 0.7, 12, 0
    expected = 6 / math.pi * math.asin(truth / 2)
    for _ in range(400):
        x, noise = generator.normal(size=(2, count))
        rho, _ = rank_correlation(x, truth * x + math.sqrt(1 - truth**2) * noise)
        low, high = rank_correlation_interval(rho, count)
        covered += low <= expected <= high
    assert 0.92 <= covered / 400 <= 0.99


def test_a_perfect_or_short_correlation_has_no_interval() -> None:
    assert all(math.isnan(end) for end in (*rank_correlation_interval(1.0, 8), *rank_correlation_interval(0.5, 4)))
