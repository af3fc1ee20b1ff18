"""SSIM: local structure that the fused image shares with its sources."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.patches import patch_structure
from diffif.metrics.derived.planes import Plane, Triple, mean_over_pixels
from diffif.metrics.derived.structure import K1, K2, StructureRules, gaussian_statistics, ssim_terms
from diffif.metrics.derived.windows import box_taps, slide
from diffif.metrics.metric import Metric

BOX_SIZE = 7
NUM_PIXELS = BOX_SIZE * BOX_SIZE
MIDDLE_LEVEL = 128
"""Subtracted before squares are summed: with 49 pixels the sums then stay exact in float32."""


def measure(triple: Triple, rules: StructureRules) -> Tensor:
    """(B,): SSIM with each source, summed or averaged; or MEF-SSIM, which sees both at once."""
    if rules.window == "patch-11":
        return patch_structure(triple.fused.levels, [source.levels for source in triple.sources])
    values = [mean_over_pixels(_ssim_map(triple, source, rules)) for source in triple.sources]
    total = values[0] + values[1]
    return total if rules.combine == "sum" else total / 2


def _ssim_map(triple: Triple, source: Plane, rules: StructureRules) -> Tensor:
    if rules.window == "uniform-7":
        return uniform_ssim(triple.fused, source, rules.data_range)
    statistics = gaussian_statistics(triple.fused.levels, source.levels, rules.border)
    luminance, contrast = ssim_terms(statistics, rules.data_range)
    return luminance * contrast


def uniform_ssim(first: Plane, second: Plane, data_range: float) -> Tensor:
    """(B, H - 6, W - 6): the SSIM map of 7x7 means with the unbiased covariance, as scikit-image defines it."""
    sum_a, spread_a, mean_a = first.derive(box_spread)
    sum_b, spread_b, mean_b = second.derive(box_spread)
    products = slide((first.levels - MIDDLE_LEVEL).mul_(second.levels - MIDDLE_LEVEL), box_taps(BOX_SIZE))
    together = products.to(torch.int32).mul_(NUM_PIXELS).sub_(sum_a * sum_b).to(torch.float32)
    # Everything scaled to sums over a window and over pairs of pixels, to keep the divisions few.
    c1 = (K1 * data_range) ** 2
    c2 = (K2 * data_range) ** 2 * NUM_PIXELS * (NUM_PIXELS - 1)
    numerator = (mean_a * mean_b).mul_(2).add_(c1).mul_(together.mul_(2).add_(c2))
    denominator = (mean_a.square() + mean_b.square()).add_(c1).mul_((spread_a + spread_b).add_(c2))
    return numerator.div_(denominator)


def box_spread(plane: Plane) -> tuple[Tensor, Tensor, Tensor]:
    """Window sums around the middle level (int32), n * sum of squares - square of the sum (float32), means.

    The first two are exact.
    """
    x = plane.levels - MIDDLE_LEVEL
    sums = slide(x, box_taps(BOX_SIZE))
    whole = sums.to(torch.int32)
    squares = slide(x.square_(), box_taps(BOX_SIZE)).to(torch.int32)
    spread = squares.mul_(NUM_PIXELS).sub_(whole * whole).to(torch.float32)
    return whole, spread, sums.div_(NUM_PIXELS).add_(MIDDLE_LEVEL)


METRIC = Metric(
    name="ssim",
    label="SSIM",
    summary="structural similarity to both sources",
    higher_is_better=True,
    value_range=(-2.0, 2.0),
    citation="Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Processing 13(4), 2004",
    smallest_side=7,
    rules={
        "standard": StructureRules(),
        "cddfuse": StructureRules(data_range=2.0),
        "tang": StructureRules(window="gaussian-11", border="replicate", data_range=1.0, combine="mean"),
        "tang-uint8": StructureRules(window="patch-11"),
        "vifb": StructureRules(window="gaussian-11"),
        "vf-bench": StructureRules(window="gaussian-11", border="reflect", combine="mean"),
        "ivif-zoo": StructureRules(window="gaussian-11", data_range=1.0),
    },
    measure=measure,
)
