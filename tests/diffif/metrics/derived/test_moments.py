from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from diffif.metrics import evaluate
from diffif.metrics.derived.moments import correlation, mean_square_difference, scaled_covariance, scaled_variance
from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.measures import scd
from tests.contracts.metric_contract import make_triple


@pytest.mark.parametrize("size", [(31, 37), (3, 2500)])
@pytest.mark.parametrize("lowest", [0, 253])
def test_covariances_are_exact_whole_numbers(size: tuple[int, int], lowest: int) -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (Plane(torch.randint(lowest, 256, (2, *size), generator=generator).float()) for _ in range(2))
    for k, scaled in enumerate(scaled_covariance(first, second)):
        a, b = (plane.levels[k].flatten().long().tolist() for plane in (first, second))
        assert scaled == len(a) * sum(x * y for x, y in zip(a, b, strict=True)) - sum(a) * sum(b)


def test_one_pair_of_sources_serves_a_batch_of_fused_images() -> None:
    fused, visible, infrared = make_triple(20, 24, batch=3)
    triple = Triple(*(Plane((image[:, 0] * 255).round()) for image in (fused, visible[:1], infrared[:1])))
    together = scd.measure(triple, None)
    alone = [evaluate(image[None], visible[:1], infrared[:1], metrics=("scd",))["scd"] for image in fused]
    assert torch.equal(together, torch.cat(alone))
    assert len(scaled_variance(triple.visible, triple.fused)) == 3
    difference = triple.fused.levels - triple.visible.levels
    expected = difference.double().square().mean(dim=(-2, -1))
    np.testing.assert_allclose(mean_square_difference(triple.fused, triple.visible), expected, rtol=1e-14)


def test_nothing_correlates_with_a_constant() -> None:
    assert np.isnan(correlation(0, 0, 5))
    assert correlation(3, 4, 9) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["cc", "scd", "psnr", "qncie", "vif", "ssim", "qabf"])
def test_planes_are_freed_as_soon_as_they_are_scored(name: str) -> None:
    from diffif.metrics import get_convention, get_metric

    metric = get_metric(name)
    triple = Triple(*(Plane((image[:, 0] * 255).round()) for image in make_triple(48, 48)))
    metric.measure(triple, metric.rules_under(get_convention("standard")))
    watched = [weakref.ref(plane) for plane in triple.planes]
    gc.disable()
    try:
        del triple
        assert [reference() for reference in watched] == [None] * 3
    finally:
        gc.enable()
