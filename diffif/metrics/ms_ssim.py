"""MS-SSIM over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.ms_ssim import measure_ms_ssim


class MSSSIM(FusionMetric):
    """Multi-scale structural similarity to both sources."""

    name = "ms_ssim"
    label = "MS-SSIM"
    higher_is_better = True
    value_range = (0.0, 2.0)
    undefined = "never"
    citation = "Wang, Simoncelli and Bovik, Asilomar Conf. Signals, Systems and Computers, 2003"
    smallest_side = 161
    measure = staticmethod(measure_ms_ssim)
