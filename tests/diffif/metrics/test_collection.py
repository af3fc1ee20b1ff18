from __future__ import annotations

import math

import pytest
import torch
from torchmetrics import MetricCollection

from diffif.metrics import FusionMetric, evaluate
from suite.errors import SettingsError, UnknownName
from tests.contracts.metric_contract import make_triple


def test_undefined_images_are_left_out_of_the_mean_and_counted() -> None:
    fused, visible, infrared = make_triple(32, 32)
    metric = FusionMetric("cc")
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
    metric = FusionMetric("cc")
    metric.update(torch.zeros_like(fused), visible, infrared)
    assert math.isnan(metric.compute().item())


def test_forward_returns_the_value_of_the_batch_alone() -> None:
    first, second = make_triple(32, 32), make_triple(32, 32, seed=1)
    metric = FusionMetric("en")
    metric(*first)
    alone = FusionMetric("en")
    alone.update(*second)
    torch.testing.assert_close(metric(*second), alone.compute())
    assert metric.per_image.shape == (2,)


def test_a_collection_keeps_metrics_apart_that_start_with_equal_values() -> None:
    black = torch.zeros(1, 1, 64, 64)
    triple = make_triple(64, 64)
    metrics = {name: FusionMetric(name) for name in ("en", "sd", "sf", "vif")}
    collection = MetricCollection(metrics | {"sf of tang-uint8": FusionMetric("sf", convention="tang-uint8")})
    collection.update(black, black, black)
    collection.update(*triple)
    values = collection.compute()
    scores = evaluate(*triple, metrics=("en", "sd", "sf", "vif"))
    for name in ("en", "sd", "sf"):
        assert values[name].item() == pytest.approx(scores[name].item() / 2)
    assert values["vif"].item() == pytest.approx(scores["vif"].item())
    assert values["sf of tang-uint8"].item() == pytest.approx(scores["sf"].item() / 2 / 255)


def test_the_direction_is_the_metrics_own_and_cannot_be_changed() -> None:
    assert FusionMetric("ssim").higher_is_better
    assert not FusionMetric("qcv").higher_is_better
    with pytest.raises((RuntimeError, AttributeError)):
        FusionMetric("ssim").higher_is_better = False


def test_a_convention_that_does_not_define_the_metric_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="does not define 'scd'"):
        FusionMetric("scd", convention="vifb")
    with pytest.raises(UnknownName, match="unknown convention"):
        FusionMetric("scd", convention="other")
