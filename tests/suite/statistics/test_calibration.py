"""How often the statistics find what is not there; `benchmarks/calibration.py` in small."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from benchmarks.calibration import Line, ablation, coverage, images_alone, prediction, quality, two_methods

STUDIES = 100
SLACK = 3
"""Standard errors of a share: 5 % of 100 studies are 2.2 % uncertain."""


def lines(part: Callable[[int, np.random.Generator], Iterator[Line]], studies: int = STUDIES) -> list[Line]:
    return list(part(studies, np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("part", "studies"),
    [
        (two_methods, STUDIES),
        (ablation, STUDIES),
        *(pytest.param(part, 1000, marks=pytest.mark.slow) for part in (two_methods, ablation, quality, prediction)),
    ],
)
def test_what_is_not_there_is_found_in_at_most_five_percent(part: Callable, studies: int) -> None:
    checked = [line for line in lines(part, studies) if line.wanted == "<= 5 %"]
    assert checked
    for line in checked:
        assert line.share <= 0.05 + SLACK * (0.05 * 0.95 / line.studies) ** 0.5, line


def test_one_training_calls_nothing_better_and_more_find_three_points_more_often() -> None:
    found = {line.setting: line.share for line in lines(two_methods) if line.question.startswith("3 points")}
    shares = list(found.values())
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] > 0.5


def test_a_test_over_images_alone_would_be_wrong_far_more_often() -> None:
    assert all(line.share > 0.1 for line in lines(images_alone))


@pytest.mark.slow
def test_the_interval_of_map50_covers_the_truth_at_twenty_images() -> None:
    ours, percentile = lines(coverage, 400)[:2]
    assert "20 images" in ours.setting
    assert ours.share >= 0.92
    assert percentile.share < ours.share
