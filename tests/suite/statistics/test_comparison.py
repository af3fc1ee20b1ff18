"""Tests between methods: by image where nothing was trained, by training and image where something was."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_ind, ttest_rel, wilcoxon

from suite.statistics.comparison import (
    NOT_PAIRED,
    ONE_TRAINING,
    TOO_FEW_IMAGES,
    TWO_LEVEL,
    UNDEFINED,
    WILCOXON,
    compare_methods,
    holm,
)
from suite.statistics.scored import Scored
from tests.suite.statistics.conftest import Study


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def trained(values: list[float], *, image_error: float = 0.0, images: int = 100, draws: str = "same") -> Scored:
    """A score of several trainings whose replicates differ from another's by a known error over images."""
    generator = np.random.default_rng(len(values) + images)
    moved = generator.normal(0, 1, 4000)
    moved = image_error * (moved - moved.mean()) / moved.std(ddof=1) * math.sqrt((images - 1) / images)
    return Scored(
        values=np.array(values),
        seeds=tuple(range(len(values))),
        replicates=np.array(values)[:, None] + moved,
        draws=draws,
        num_images=images,
        fraction=True,
    )


def test_holm_agrees_with_the_textbook_example_and_skips_what_was_not_tested() -> None:
    corrected = holm([0.01, math.nan, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(corrected[[0, 2, 3, 4]], [0.03, 0.06, 0.06, 0.02])
    assert math.isnan(corrected[1])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]


def test_methods_without_training_are_compared_by_wilcoxon_over_images(
    random: np.random.Generator, study: Study
) -> None:
    base = random.normal(0, 1, 40)
    scores = np.stack([base + 0.5 + random.normal(0, 0.1, 40), base], axis=1)
    higher = compare_methods(study(scores), higher=True)
    assert higher.better("a", "b")
    assert not higher.better("b", "a")
    assert compare_methods(study(scores), higher=False).better("b", "a")
    assert higher.p_value("a", "b") == pytest.approx(float(wilcoxon(scores[:, 0], scores[:, 1]).pvalue))
    assert WILCOXON in higher.test


def test_equal_methods_share_a_rank(random: np.random.Generator, study: Study) -> None:
    base = random.normal(0, 1, 40)
    noise = random.normal(0, 0.3, (40, 2))
    tests = compare_methods(study(np.column_stack([base + noise[:, 0], base + noise[:, 1], base - 2])), higher=True)
    assert [tests.rank(m) for m in ("a", "b", "c")] == [1, 1, 3]


def test_identical_columns_are_no_difference_and_five_images_are_no_test(study: Study) -> None:
    same = np.tile(np.arange(10.0)[:, None], (1, 2))
    assert compare_methods(study(same), higher=True).p_value("a", "b") == 1
    five = compare_methods(study(same[:5]), higher=True)
    assert math.isnan(five.p_value("a", "b"))
    assert five.reason("b", "a") == TOO_FEW_IMAGES
    assert not five.any_tested


def test_a_method_that_is_undefined_everywhere_does_not_silence_the_others(study: Study) -> None:
    scores = np.stack([np.arange(8.0) + 1, np.full(8, 0.0), np.arange(8.0)], axis=1)
    methods = study(scores)
    methods["b"] = replace(methods["b"], values=np.array([math.nan]), images=np.full((1, 8), math.nan))
    tests = compare_methods(methods, higher=True)
    assert tests.better("a", "c")
    assert tests.reason("a", "b") == UNDEFINED


def test_images_that_one_of_a_pair_does_not_define_are_left_out_of_that_pair(study: Study) -> None:
    scores = np.stack([np.arange(9.0), np.arange(9.0) + 1, np.arange(9.0) + 2], axis=1)
    scores[2, 0] = math.nan
    tests = compare_methods(study(scores), higher=True)
    assert tests.raw_p("a", "b") == pytest.approx(float(wilcoxon(np.ones(8)).pvalue))
    assert tests.raw_p("b", "c") == pytest.approx(float(wilcoxon(np.ones(9)).pvalue))


def test_comparing_with_one_reference_corrects_for_fewer_pairs(random: np.random.Generator, study: Study) -> None:
    tests = compare_methods(study(random.normal(0, 1, (30, 4)) + np.array([0, 0.4, 0.5, 0.6])), higher=True)
    against = tests.against("a")
    assert all(against.p_value("a", m) <= tests.p_value("a", m) for m in "bcd")
    assert any(against.p_value("a", m) < tests.p_value("a", m) for m in "bcd")
    assert math.isnan(against.p_value("b", "c"))


def test_one_training_proves_nothing_however_large_the_lead() -> None:
    tests = compare_methods({"a": trained([0.9]), "b": trained([0.1])}, higher=True)
    assert not tests.better("a", "b")
    assert math.isnan(tests.p_value("a", "b"))
    assert tests.reason("a", "b") == ONE_TRAINING


def test_where_images_tell_nothing_apart_the_test_is_students_over_trainings() -> None:
    first, second = [0.90, 0.92, 0.91], [0.88, 0.87, 0.90]
    tests = compare_methods({"a": trained(first), "b": trained(second)}, higher=True)
    assert tests.p_value("a", "b") == pytest.approx(float(ttest_ind(first, second).pvalue), rel=1e-6)
    assert TWO_LEVEL in tests.test


def test_the_spread_over_images_is_counted_beside_that_over_trainings() -> None:
    first, second = [0.90, 0.92, 0.91], [0.86, 0.85, 0.88]
    alone = compare_methods({"a": trained(first), "b": trained(second)}, higher=True)
    both = compare_methods({"a": trained(first, image_error=0.02), "b": trained(second)}, higher=True)
    assert alone.better("a", "b")
    assert both.p_value("a", "b") > alone.p_value("a", "b")


def test_a_shared_network_pairs_its_trainings_by_seed() -> None:
    first, second = [0.70, 0.90, 0.80], [0.68, 0.87, 0.79]
    apart = compare_methods({"a": trained(first), "b": trained(second)}, higher=True)
    shared = compare_methods({"a": trained(first), "b": trained(second)}, higher=True, shared_trainings=True)
    assert shared.p_value("a", "b") == pytest.approx(float(ttest_rel(first, second).pvalue), rel=1e-6)
    assert apart.p_value("a", "b") > 0.5


def test_scores_of_other_draws_are_not_compared() -> None:
    tests = compare_methods({"a": trained([0.9, 0.91]), "b": trained([0.8, 0.81], draws="other")}, higher=True)
    assert tests.reason("a", "b") == NOT_PAIRED


def test_a_metric_with_an_ideal_ranks_by_the_distance_from_it(random: np.random.Generator, study: Study) -> None:
    base = random.normal(0, 0.1, 40)
    methods = study(np.stack([1.0 + base, 3.0 + base, -1.5 + base], axis=1))
    near = {name: replace(one, ideal=1.0) for name, one in methods.items()}
    tests = compare_methods(near, higher=True)
    assert tests.better("a", "b")
    assert tests.better("b", "c")
