from __future__ import annotations

import math

import pytest
import torch

from diffif.metrics import get_metric
from suite.errors import SettingsError, UnknownName
from tests.contracts.metric_contract import make_triple


def test_undefined_images_are_left_out_of_the_mean_and_counted() -> None:
    fused, visible, infrared = make_triple(32, 32)
    metric = get_metric("cc")()
    metric.update(fused, visible, infrared)
    defined = metric.compute()
    metric.update(torch.zeros_like(fused), visible, infrared)
    assert metric.num_undefined == 1
    assert metric.per_image.shape == (2,)
    torch.testing.assert_close(metric.compute(), defined)
    metric.reset()
    assert metric.per_image.numel() == 0


def test_a_metric_undefined_everywhere_is_nan() -> None:
    fused, visible, infrared = make_triple(32, 32)
    metric = get_metric("cc")()
    metric.update(torch.zeros_like(fused), visible, infrared)
    assert math.isnan(metric.compute().item())


def test_forward_returns_the_value_of_the_batch_alone() -> None:
    first, second = make_triple(32, 32), make_triple(32, 32, seed=1)
    metric = get_metric("en")()
    metric(*first)
    alone = get_metric("en")()
    alone.update(*second)
    torch.testing.assert_close(metric(*second), alone.compute())
    assert metric.per_image.shape == (2,)


def test_a_convention_that_does_not_define_the_metric_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="does not define 'scd'"):
        get_metric("scd")(convention="vifb")
    with pytest.raises(UnknownName, match="unknown convention"):
        get_metric("scd")(convention="other")
