"""QM: whether the details of each source are found again in the fused image, in a two-level Haar decomposition.

Details are compared by exp(-|difference|) of raw grey levels: a difference of one level costs a third of what there is,
so that mere rounding of an image shows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.metric import Metric, Rules, one_definition

LEVEL_POWERS = (2 / 3, 1 / 3)
"""Of the two levels, finest first."""


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): preservation of details, weighted by the energy of the sources' details."""
    result = torch.ones(triple.fused.levels.shape[0], dtype=torch.float64, device=triple.fused.levels.device)
    for level, power in enumerate(LEVEL_POWERS):
        own = triple.fused.derive(details, level)
        kept, total = torch.zeros_like(result), torch.zeros_like(result)
        for source in triple.sources:
            bands = source.derive(details, level)
            weight = bands.square().sum(dim=1)
            preserved = torch.exp(-(bands - own).abs()).sum(dim=1)
            kept = kept + (preserved * weight).sum(dim=(-2, -1))
            total = total + weight.sum(dim=(-2, -1))
        result = result * (kept / total) ** power
    return result


def details(plane: Plane, level: int) -> Tensor:
    """(B, 3, h, w), float64: horizontal, vertical and diagonal Haar coefficients at one level, 0 the finest."""
    return torch.stack(plane.derive(haar, level)[1:], dim=1)


def haar(plane: Plane, level: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four orthonormal Haar bands at one level, smooth band first; an odd last row or column is left out."""
    x = plane.levels.to(torch.float64) if level == 0 else plane.derive(haar, level - 1)[0]
    height, width = x.shape[-2] // 2 * 2, x.shape[-1] // 2 * 2
    upper, lower = x[:, 0:height:2, :width], x[:, 1:height:2, :width]
    a, b, c, d = upper[..., ::2], upper[..., 1::2], lower[..., ::2], lower[..., 1::2]
    return (a + b + c + d) / 2, (c + d - a - b) / 2, (b + d - a - c) / 2, (a + d - b - c) / 2


METRIC = Metric(
    name="qm",
    label="QM",
    summary="multi-scale preservation of Haar details",
    higher_is_better=True,
    value_range=(0.0, 3.0),
    undefined="neither source has detail at one of the two levels",
    citation="Wang and Liu, Int. Conf. Signal Processing, 2008",
    smallest_side=4,
    rules=one_definition("standard", "liu2012"),
    measure=measure,
)
