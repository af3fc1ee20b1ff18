"""QSF: the spatial frequency of the fused image against what its sources, taken together, would give.

Negative where detail is lost, positive where noise or distortion was added; 0 is best.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.metric import Metric, Rules, one_definition

DIAGONAL_WEIGHT = math.sqrt(2) / 2


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): (SF of the fused image - SF of the reference) / SF of the reference, over four directions."""
    num_pixels = triple.fused.levels.shape[-2] * triple.fused.levels.shape[-1]
    own, reference = [], []
    for direction, weight in DIRECTIONS:
        fused, visible, infrared = (plane.derive(direction) for plane in triple.planes)
        own.append(weight * fused.square().sum(dim=(-2, -1)))
        reference.append(weight * torch.maximum(visible.abs(), infrared.abs()).square().sum(dim=(-2, -1)))
    frequency, expected = (torch.stack(sums).sum(dim=0).div(num_pixels).sqrt() for sums in (own, reference))
    return (frequency - expected) / expected


def along_rows(plane: Plane) -> Tensor:
    """Differences of neighbours in a row, float64."""
    return plane.levels.to(torch.float64).diff(dim=-1)


def along_columns(plane: Plane) -> Tensor:
    """Differences of neighbours in a column, float64."""
    return plane.levels.to(torch.float64).diff(dim=-2)


def along_diagonal(plane: Plane) -> Tensor:
    """Differences from the upper left neighbour, float64."""
    x = plane.levels.to(torch.float64)
    return x[:, 1:, 1:] - x[:, :-1, :-1]


def along_antidiagonal(plane: Plane) -> Tensor:
    """Differences from the upper right neighbour, float64."""
    x = plane.levels.to(torch.float64)
    return x[:, 1:, :-1] - x[:, :-1, 1:]


DIRECTIONS: tuple[tuple[Callable[[Plane], Tensor], float], ...] = (
    (along_rows, 1.0),
    (along_columns, 1.0),
    (along_diagonal, DIAGONAL_WEIGHT),
    (along_antidiagonal, DIAGONAL_WEIGHT),
)

METRIC = Metric(
    name="qsf",
    label="QSF",
    summary="relative error of the spatial frequency",
    higher_is_better=None,
    ideal=0.0,
    value_range=(-1.0, math.inf),
    undefined="both sources are constant",
    citation="Zheng, Essock, Hansen and Haun, Information Fusion 8(2), 2007",
    smallest_side=2,
    rules=one_definition("standard", "liu2012"),
    measure=measure,
)
