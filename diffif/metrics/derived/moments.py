"""Sums of levels and of their products, exact: SD, CC, SCD, MSE and PSNR are all made of them.

Levels are whole numbers, so their sums are too; they are formed in pieces that float32 holds exactly, added up in
float64 and combined as Python integers. A constant image then has a variance of exactly 0, and 0/0 shows as nan instead
of as the quotient of two rounding errors.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffif.metrics.derived.planes import Plane, Triple, sum_over_pixels

MIDDLE_LEVEL = 128
"""Subtracted first: it changes no covariance, and keeps the sums small."""
LONGEST_EXACT_SUM = 2**24 // MIDDLE_LEVEL**2
"""So many products of centred levels add up to a whole number that float32 holds, in any order."""


def centred(plane: Plane) -> Tensor:
    """(B, H, W), float32: levels less the middle level."""
    return plane.levels - MIDDLE_LEVEL


def level_sums(plane: Plane) -> list[int]:
    """Of each image: the sum of `centred`."""
    return [int(total) for total in sum_over_pixels(plane.derive(centred)).tolist()]


def scaled_covariance(first: Plane, second: Plane) -> list[int]:
    """Of each image: the covariance of its two planes times the squared number of pixels.

    Ask for it by `derive`, of the fused plane where it is one of the two: what a source keeps outlives candidates.
    """
    pieces = zip(*(plane.derive(centred).split(LONGEST_EXACT_SUM, dim=-1) for plane in (first, second)), strict=True)
    products = torch.stack([sum_over_pixels(a * b) for a, b in pieces]).sum(dim=0).tolist()
    num_pixels = num_pixels_of(first)
    sums = (_repeated(plane.derive(level_sums), len(products)) for plane in (first, second))
    return [num_pixels * int(product) - a * b for product, a, b in zip(products, *sums, strict=True)]


def scaled_variance(plane: Plane, like: Plane) -> list[int]:
    """Of each image: the variance times the squared number of pixels, repeated to the batch of `like`."""
    return _repeated(plane.derive(_with_itself), like.levels.shape[0])


def correlation(covariance: int, first: int, second: int) -> float:
    """Pearson's r of a covariance and two variances, all scaled alike; nan where a variance is 0."""
    return covariance / math.sqrt(first * second) if first and second else math.nan


def per_image(values: list[float], plane: Plane) -> Tensor:
    """(B,), float64, on the plane's device."""
    return torch.tensor(values, dtype=torch.float64, device=plane.levels.device)


def num_pixels_of(plane: Plane) -> int:
    """Rows times columns."""
    return plane.levels.shape[-2] * plane.levels.shape[-1]


def mean_square_difference(fused: Plane, source: Plane) -> Tensor:
    """(B,), float64: mean squared difference in squared grey levels."""
    covariances = fused.derive(scaled_covariance, source)
    own, others = scaled_variance(fused, fused), scaled_variance(source, fused)
    means = [
        a - b
        for a, b in zip(fused.derive(level_sums), _repeated(source.derive(level_sums), len(covariances)), strict=True)
    ]
    squared = num_pixels_of(fused) ** 2
    values = [
        (a + b - 2 * c + mean**2) / squared for a, b, c, mean in zip(own, others, covariances, means, strict=True)
    ]
    return per_image(values, fused)


def norm_per_pixel(triple: Triple) -> Tensor:
    """(B,): sqrt(sum of squared differences) / (H W), averaged over the sources: it shrinks as images grow."""
    norms = [
        (mean_square_difference(triple.fused, source) / num_pixels_of(triple.fused)).sqrt() for source in triple.sources
    ]
    return (norms[0] + norms[1]) / 2


def _with_itself(plane: Plane) -> list[int]:
    # A plane that kept something under its own name would be a cycle: its memory would wait for the garbage collector.
    return scaled_covariance(plane, plane)


def _repeated(values: list[int], number: int) -> list[int]:
    """One value for all images of a batch, or one each."""
    return values if len(values) == number else values * number
