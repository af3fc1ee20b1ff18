"""SSIM over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.ssim import measure_ssim


class SSIM(FusionMetric):
    """Structural similarity to both sources."""

    name = "ssim"
    label = "SSIM"
    higher_is_better = True
    value_range = (-2.0, 2.0)
    undefined = "never"
    citation = "Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Processing 13(4), 2004"
    smallest_side = 7
    measure = staticmethod(measure_ssim)
