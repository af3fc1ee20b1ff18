"""FSIM: phase congruency and gradients that the fused image shares with its sources.

No toolkit of image fusion fixes how the two sources are combined; here it is by their mean. Large images are averaged
and subsampled first, so that the shorter side has about 256 pixels, as in the authors' code.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.metrics.derived.congruency import FilterBank, unweighted_congruency
from diffif.metrics.derived.planes import Plane, Triple
from diffif.metrics.derived.windows import box_taps, slide
from diffif.metrics.metric import Metric, Rules, one_definition

SIDE = 256
CONGRUENCY_CONSTANT, GRADIENT_CONSTANT = 0.85, 160.0
"""T1 and T2."""
BANK = FilterBank(num_orientations=4, shortest_wave=6.0, wave_factor=2.0, stretched_low_pass=True)
SCHARR_SIDE, SCHARR_MIDDLE, SCHARR_SUM = 3.0, 10.0, 16.0


def measure(triple: Triple, rules: Rules) -> Tensor:
    """(B,): mean of the feature similarities to the two sources."""
    own = triple.fused.derive(features)
    values = [_similarity(own, source.derive(features)) for source in triple.sources]
    return (values[0] + values[1]) / 2


def features(plane: Plane) -> tuple[Tensor, Tensor]:
    """Phase congruency and gradient strength, each (B, h, w), float64; congruency 0 where nothing responds."""
    x = reduced(plane)
    padded = F.pad(x, (1, 1, 1, 1))
    across = padded[:, :, :-2] - padded[:, :, 2:]
    down = padded[:, :-2] - padded[:, 2:]
    horizontal = SCHARR_SIDE * (across[:, :-2] + across[:, 2:]) + SCHARR_MIDDLE * across[:, 1:-1]
    vertical = SCHARR_SIDE * (down[..., :-2] + down[..., 2:]) + SCHARR_MIDDLE * down[..., 1:-1]
    return unweighted_congruency(x, BANK).nan_to_num(nan=0.0), torch.hypot(horizontal, vertical) / SCHARR_SUM


def reduced(plane: Plane) -> Tensor:
    """The image averaged over f x f pixels and subsampled by f, the nearest whole number to shorter side / 256."""
    x = plane.levels.to(torch.float64)
    factor = max(1, int(min(x.shape[-2:]) / SIDE + 0.5))
    before, after = factor - 1 - factor // 2, factor // 2
    padded = F.pad(x, (before, after, before, after))
    return slide(padded, box_taps(factor), step=factor) / factor**2


def _similarity(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> Tensor:
    weight = torch.maximum(a[0], b[0])
    congruency, gradient = (
        (2 * x * y + constant) / (x.square() + y.square() + constant)
        for x, y, constant in zip(a, b, (CONGRUENCY_CONSTANT, GRADIENT_CONSTANT), strict=True)
    )
    return (congruency * gradient * weight).sum(dim=(-2, -1)) / weight.sum(dim=(-2, -1))


METRIC = Metric(
    name="fsim",
    label="FSIM",
    summary="feature similarity to both sources, averaged",
    higher_is_better=True,
    value_range=(0.0, 1.0),
    undefined="neither the fused image nor a source has a feature",
    citation="Zhang, Zhang, Mou and Zhang, IEEE Trans. Image Processing 20(8), 2011",
    smallest_side=16,
    rules=one_definition("standard"),
    measure=measure,
)
