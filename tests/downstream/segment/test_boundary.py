"""Boundary F1."""

from __future__ import annotations

import math

import numpy as np
import pytest

from downstream.segment.boundary import boundary_f1


def square(offset: int = 0, size: int = 100) -> np.ndarray:
    ids = np.zeros((200, 200), dtype=np.uint8)
    ids[50 : 50 + size, 50 + offset : 50 + offset + size] = 1
    return ids


def test_the_truth_itself_scores_one() -> None:
    assert boundary_f1(square(), square()) == 1.0


def test_a_shift_within_the_tolerance_is_forgiven_and_a_larger_one_is_not() -> None:
    # 0.75 % of the diagonal of 200x200 is 2.1 pixels.
    assert boundary_f1(square(), square(offset=2)) == 1.0
    assert 0.3 < boundary_f1(square(), square(offset=8)) < 0.75


def test_a_lost_object_scores_zero() -> None:
    assert boundary_f1(square(), np.zeros((200, 200), dtype=np.uint8)) == 0.0


def test_one_class_everywhere_has_no_boundary() -> None:
    flat = np.ones((50, 60), dtype=np.uint8)
    assert math.isnan(boundary_f1(flat, flat))


def test_left_out_pixels_have_no_boundary_of_their_own() -> None:
    truth, predicted = square(), square()
    truth[:, 140:] = 255
    predicted[:, 140:] = 1
    assert boundary_f1(truth, predicted) == pytest.approx(1.0)
    truth, predicted = square() + 1, square() + 1
    truth[:, 140:] = 0
    assert boundary_f1(truth, predicted, unlabelled=0) == pytest.approx(1.0)
