"""VIF: visual information of the sources that survives in the fused image (VIF-P summed, not VIFF).

It is 2 where the fused image equals both sources.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Plane, Triple, sum_over_pixels
from diffif.metrics.derived.pyramid import (
    NUM_SCALES,
    SMALLEST_SIDE,
    TINY,
    FidelityRules,
    gain_and_residual,
    local_covariance,
    local_variance,
)
from diffif.metrics.metric import Metric

NOISE_VARIANCE = 2.0
"""Of the visual system, in squared grey levels (Sheikh and Bovik's pixel-domain implementation)."""


def measure(triple: Triple, rules: FidelityRules) -> Tensor:
    """(B,): pixel-domain VIF of the fused image against each source, summed."""
    kept = [pixel_vif(source, triple.fused, rules) for source in triple.sources]
    total = kept[0] + kept[1]
    return total if rules.combine == "sum" else total / 2


def pixel_vif(reference: Plane, distorted: Plane, rules: FidelityRules) -> Tensor:
    """(B,), float64: VIF-P of one plane against another; nan where the reference has no variance."""
    kept = [information_kept(reference, distorted, scale, rules) for scale in range(NUM_SCALES)]
    present = [reference.derive(information, scale, rules) for scale in range(NUM_SCALES)]
    return torch.stack(kept).sum(dim=0) / torch.stack(present).sum(dim=0)


def information(plane: Plane, scale: int, rules: FidelityRules) -> Tensor:
    """(B,), float64: information that the visual system finds in a plane at one scale."""
    return _information_of(plane.derive(local_variance, scale, rules))


def information_kept(reference: Plane, distorted: Plane, scale: int, rules: FidelityRules) -> Tensor:
    """(B,), float64: information about the reference that is left in the distorted plane at one scale."""
    if rules.saturate and scale == 0:
        _, signal, residual = gain_and_residual(reference, distorted, scale, rules)
        return sum_over_pixels(torch.log1p(signal / (residual + NOISE_VARIANCE)))
    # With gain g = cov / var_r, signal g^2 var_r and residual var_d - g cov add up to var_d, so that
    # log(1 + signal / (residual + noise)) = log(var_d + noise) - log(residual + noise). A negative gain counts as 0.
    covariance = local_covariance(reference, distorted, scale, rules).clamp_(min=0)
    explained = covariance.square_().div_(reference.derive(local_variance, scale, rules) + TINY)
    residual = (distorted.derive(local_variance, scale, rules) - explained).clamp_(min=0)
    return distorted.derive(information, scale, rules) - _information_of(residual)


def _information_of(variance: Tensor) -> Tensor:
    scaled = variance.to(torch.float32).mul_(1 / NOISE_VARIANCE)
    return sum_over_pixels(scaled.log1p_())


METRIC = Metric(
    name="vif",
    label="VIF",
    summary="pixel-domain visual information fidelity to both sources",
    higher_is_better=True,
    value_range=(0.0, math.inf),
    undefined="a source is constant",
    citation="Sheikh and Bovik, IEEE Trans. Image Processing 15(2), 2006",
    smallest_side=SMALLEST_SIDE,
    rules={
        "standard": FidelityRules(),
        "tang": FidelityRules(),
        "tang-uint8": FidelityRules(saturate=True),
        "ivif-zoo": FidelityRules(window="off-centre", border="zero"),
        "vf-bench": FidelityRules(combine="mean"),
    },
    measure=measure,
)
