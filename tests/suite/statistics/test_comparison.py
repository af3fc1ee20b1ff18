from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wilcoxon

from suite.statistics.comparison import (
    bootstrap_interval,
    cliques,
    friedman,
    holm,
    paired_bootstrap,
    paired_wilcoxon,
    rank_correlation,
    ranks,
)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_holm_agrees_with_the_textbook_example_and_skips_what_was_not_tested() -> None:
    corrected = holm([0.01, math.nan, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(corrected[[0, 2, 3, 4]], [0.03, 0.06, 0.06, 0.02])
    assert math.isnan(corrected[1])


def test_a_clear_difference_is_found_and_its_direction_follows_the_metric(random: np.random.Generator) -> None:
    base = random.normal(0, 1, 40)
    scores = np.stack([base + 0.5 + random.normal(0, 0.1, 40), base], axis=1)
    higher = paired_wilcoxon(scores, ["a", "b"])
    lower = paired_wilcoxon(scores, ["a", "b"], higher=False)
    assert higher.better("a", "b")
    assert not higher.better("b", "a")
    assert lower.better("b", "a")
    assert higher.p_value("a", "b") == pytest.approx(float(wilcoxon(scores[:, 0], scores[:, 1]).pvalue))


def test_equal_methods_share_a_rank(random: np.random.Generator) -> None:
    base = random.normal(0, 1, 40)
    noise = random.normal(0, 0.3, (40, 2))
    scores = np.column_stack([base + noise[:, 0], base + noise[:, 1], base - 2])
    tests = paired_wilcoxon(scores, ["a", "b", "c"])
    assert [tests.rank(m) for m in ("a", "b", "c")] == [1, 1, 3]


def test_identical_columns_are_no_difference_and_five_images_are_no_test() -> None:
    same = np.tile(np.arange(10.0)[:, None], (1, 2))
    assert paired_wilcoxon(same, ["a", "b"]).p_value("a", "b") == 1
    assert math.isnan(paired_wilcoxon(same[:5], ["a", "b"]).p_value("a", "b"))


def test_comparing_with_one_reference_corrects_for_fewer_pairs(random: np.random.Generator) -> None:
    scores = random.normal(0, 1, (30, 4)) + np.array([0, 0.4, 0.5, 0.6])
    tests = paired_wilcoxon(scores, list("abcd"))
    against = tests.against("a")
    assert all(against.p_value("a", m) <= tests.p_value("a", m) for m in "bcd")
    assert any(against.p_value("a", m) < tests.p_value("a", m) for m in "bcd")
    assert math.isnan(against.p_value("b", "c"))


def test_noise_alone_is_called_significant_about_as_rarely_as_promised(random: np.random.Generator) -> None:
    found = 0
    for _ in range(200):
        tests = paired_wilcoxon(random.normal(0, 1, (20, 3)), list("abc"))
        found += any(tests.better(x, y) for x in "abc" for y in "abc" if x != y)
    assert found / 200 < 0.09  # 0.05 and three standard errors of 200 trials


def test_shared_bootstrap_draws_find_a_small_steady_lead(random: np.random.Generator) -> None:
    common = random.normal(0.8, 0.05, 1000)
    replicates = np.stack([common + 0.01 + random.normal(0, 0.002, 1000), common], axis=1)
    tests = paired_bootstrap(replicates, ["a", "b"], num_images=50)
    assert tests.better("a", "b")
    assert tests.p_value("a", "b") >= 2 / 1001 - 1e-12


def test_the_bootstrap_interval_covers_the_mean_and_shrinks_with_more_images(random: np.random.Generator) -> None:
    small, large = random.normal(5, 1, 20), random.normal(5, 1, 500)
    low, high = bootstrap_interval(small)
    assert low < small.mean() < high
    narrow = bootstrap_interval(large)
    assert narrow[1] - narrow[0] < high - low
    assert all(math.isnan(v) for v in bootstrap_interval(np.array([1.0])))


def test_ranks_put_the_best_first_and_share_ties() -> None:
    np.testing.assert_array_equal(ranks(np.array([[3.0, 1.0, 3.0]])), [[1.5, 3.0, 1.5]])
    np.testing.assert_array_equal(ranks(np.array([[3.0, 1.0]]), higher=False), [[2.0, 1.0]])


def test_a_clique_never_holds_a_significant_pair(random: np.random.Generator) -> None:
    scores = random.normal(0, 0.5, (40, 5)) + np.array([0, 0.1, 0.5, 0.6, 2])
    order = list("edcba")
    tests = paired_wilcoxon(scores, list("abcde"))
    groups = cliques(tests, order)
    assert groups
    for group in groups:
        assert len(group) > 1
        assert all(tests.p_value(x, y) >= 0.05 for x in group for y in group)


def test_friedman_and_correlation_say_nan_where_they_cannot_speak() -> None:
    assert math.isnan(friedman(np.ones((5, 2))))
    assert math.isnan(rank_correlation([1, 2, 3], [1, 2, 3])[0])
    assert rank_correlation([1, 2, 3, 4, 5], [2, 4, 6, 8, 9])[0] == pytest.approx(1)
