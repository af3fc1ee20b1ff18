"""Paired tests against the best method."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wilcoxon

from suite.errors import SettingsError
from suite.statistics.paired_tests import compare_with_best, holm


def test_the_best_follows_the_direction_of_the_metric() -> None:
    values = {"a": np.linspace(0, 1, 20), "b": np.linspace(0, 1, 20) + 0.1}
    assert compare_with_best(values, higher_is_better=True)[0] == "b"
    assert compare_with_best(values, higher_is_better=False)[0] == "a"


def test_p_is_scipys_times_holms_factor() -> None:
    generator = np.random.default_rng(0)
    base = generator.random(30)
    values = {"best": base + 0.2, "near": base + generator.normal(0.17, 0.1, 30), "far": base * 0.9}
    best, compared = compare_with_best(values, higher_is_better=True)
    assert best == "best"
    p = {c.name: c.p for c in compared}
    raw = {name: float(wilcoxon(values[name], values["best"]).pvalue) for name in ("near", "far")}
    assert p["far"] == pytest.approx(min(1.0, 2 * raw["far"]))
    assert p["near"] == pytest.approx(max(raw["near"], 2 * raw["far"]))
    assert math.isnan(p["best"])


def test_equal_methods_cannot_be_told_apart() -> None:
    values = {"a": np.arange(10.0), "b": np.arange(10.0)}
    assert [c.p for c in compare_with_best(values, higher_is_better=True)[1] if not math.isnan(c.p)] == [1.0]


def test_too_few_images_have_no_p() -> None:
    values = {"a": np.arange(5.0), "b": np.arange(5.0) + 1}
    assert all(math.isnan(c.p) for c in compare_with_best(values, higher_is_better=True)[1])


def test_a_method_that_is_undefined_everywhere_does_not_silence_the_others() -> None:
    values = {"a": np.arange(8.0), "nan": np.full(8, math.nan), "b": np.arange(8.0) + 1}
    best, compared = compare_with_best(values, higher_is_better=True)
    by_name = {c.name: c for c in compared}
    assert best == "b"
    assert by_name["a"].p < 0.05
    assert math.isnan(by_name["nan"].mean)
    assert math.isnan(by_name["nan"].p)


def test_images_undefined_for_one_method_are_left_out_for_all() -> None:
    values = {"a": np.array([1.0, math.nan, 3, 4, 5, 6, 7, 8]), "b": np.array([2.0, 100, 4, 5, 6, 7, 8, 9])}
    _, compared = compare_with_best(values, higher_is_better=True)
    assert {c.num_pairs for c in compared} == {7}
    assert compared[1].mean == pytest.approx(41 / 7)


def test_holm_is_monotone_and_skips_nan() -> None:
    assert holm([0.01, math.nan, 0.04, 0.03])[2:] == pytest.approx([0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_unequal_numbers_of_images_are_refused() -> None:
    with pytest.raises(SettingsError, match="same images"):
        compare_with_best({"a": np.zeros(3), "b": np.zeros(4)}, higher_is_better=True)
