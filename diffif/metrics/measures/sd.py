"""SD: the contrast of the fused image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffif.metrics.derived.moments import num_pixels_of, per_image, scaled_variance
from diffif.metrics.derived.planes import MAX_LEVEL, Plane, Triple, mean_over_pixels, round_half_up
from diffif.metrics.metric import Metric, Rules


@dataclass(frozen=True, kw_only=True)
class DeviationRules(Rules):
    """What toolkits do otherwise in SD."""

    saturate: bool = False
    """8-bit MATLAB arithmetic: deviations are rounded and cut to 0..255, and so are their squares."""

    @property
    def value_range(self) -> tuple[float, float] | None:
        """Saturated squares are at most 255."""
        return (0.0, math.sqrt(MAX_LEVEL)) if self.saturate else None


def measure(triple: Triple, rules: DeviationRules) -> Tensor:
    """(B,): standard deviation of the fused levels; the divisor is the number of pixels."""
    if rules.saturate:
        return _saturated(triple.fused)
    num_pixels = num_pixels_of(triple.fused)
    variances = scaled_variance(triple.fused, triple.fused)
    return per_image([math.sqrt(variance) / num_pixels for variance in variances], triple.fused)


def _saturated(plane: Plane) -> Tensor:
    """As uint8 arithmetic has it: negative deviations become 0, and squares above 255 become 255."""
    levels = plane.levels.to(torch.float64)
    deviation = round_half_up(levels - levels.mean(dim=(-2, -1), keepdim=True)).clamp(min=0, max=MAX_LEVEL)
    return mean_over_pixels(deviation.square().clamp(max=MAX_LEVEL)).sqrt()


METRIC = Metric(
    name="sd",
    label="SD",
    summary="standard deviation of the fused image",
    higher_is_better=True,
    value_range=(0.0, 127.5),
    unit="grey levels",
    citation="Rao, Measurement Science and Technology 8(4), 1997",
    rules={
        "standard": DeviationRules(),
        "tang": DeviationRules(),
        "tang-uint8": DeviationRules(saturate=True),
        "vifb": DeviationRules(),
        "ivif-zoo": DeviationRules(),
    },
    measure=measure,
)
