"""SCD: whether what fusion added to one source is the other source."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.moments import centre, centred, covariance, covariance_of
from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.metric import Metric, Rules, one_definition


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): r(visible, fused - infrared) + r(infrared, fused - visible)."""
    visible, infrared = triple.sources
    return _added(triple.fused, infrared, visible) + _added(triple.fused, visible, infrared)


def _added(fused: Plane, removed: Plane, expected: Plane) -> Tensor:
    """Correlation of what is left of the fused image without one source, with the other source."""
    left = centre(fused.levels - removed.levels)
    variance = covariance_of(left, left) * covariance(expected, expected)
    return covariance_of(left, expected.derive(centred)) / torch.sqrt(variance)


METRIC = Metric(
    name="scd",
    label="SCD",
    summary="sum of the correlations of differences",
    higher_is_better=True,
    value_range=(-2.0, 2.0),
    undefined="a source, or its difference from the fused image, is constant",
    citation="Aslantas and Bendes, AEU Int. J. Electronics and Communications 69(12), 2015",
    rules=one_definition("standard", "tang", "ivif-zoo"),
    measure=measure,
)
