"""SSIM: local structure that the fused image shares with its sources."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.derived.patches import patch_structure
from diffif.metrics.derived.planes import Plane, Triple, mean_over_pixels
from diffif.metrics.derived.structure import K1, K2, StructureRules, gaussian_statistics, ssim_terms
from diffif.metrics.derived.windows import box_sums
from diffif.metrics.metric import Metric

BOX_SIZE = 7
NUM_PIXELS = BOX_SIZE * BOX_SIZE
MIDDLE_LEVEL = 128
"""Subtracted first: 49 times a sum of 49 squares then fits in 32 bits with room to spare."""


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
    sums_a, spread_a, total_a, squared_a = first.derive(box_spread)
    sums_b, spread_b, total_b, squared_b = second.derive(box_spread)
    products = box_sums(first.derive(whole_levels) * second.derive(whole_levels), BOX_SIZE)
    together = products.mul_(NUM_PIXELS).sub_(sums_a * sums_b).to(torch.float32)
    # Everything scaled to sums over a window and over pairs of pixels, which saves divisions.
    c1 = (K1 * data_range * NUM_PIXELS) ** 2
    c2 = (K2 * data_range) ** 2 * NUM_PIXELS * (NUM_PIXELS - 1)
    numerator = (total_a * total_b).mul_(2).add_(c1).mul_(together.mul_(2).add_(c2))
    denominator = (squared_a + squared_b).add_(c1).mul_((spread_a + spread_b).add_(c2))
    return numerator.div_(denominator)


def whole_levels(plane: Plane) -> Tensor:
    """(B, H, W), int32: levels less the middle one."""
    return plane.levels.to(torch.int32).sub_(MIDDLE_LEVEL)


def box_spread(plane: Plane) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of each window: the sum of `whole_levels`, int32; n times the sum of squares less the square of the sum; the sum
    of the levels; its square. All float32 but the first; the first three are exact before they are rounded to it.
    """
    x = plane.derive(whole_levels)
    sums = box_sums(x, BOX_SIZE)
    spread = box_sums(x * x, BOX_SIZE).mul_(NUM_PIXELS).sub_(sums * sums).to(torch.float32)
    total = sums.to(torch.float32).add_(MIDDLE_LEVEL * NUM_PIXELS)
    return sums, spread, total, total.square()


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
