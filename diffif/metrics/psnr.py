"""PSNR over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.psnr import measure_psnr


class PSNR(FusionMetric):
    """Peak signal-to-noise ratio against both sources."""

    name = "psnr"
    label = "PSNR"
    higher_is_better = True
    value_range = (-math.inf, math.inf)
    unit = "dB"
    undefined = "all three images are black"
    citation = "Jagalingam and Hegde, Aquatic Procedia 4, 2015"
    smallest_side = 1
    measure = staticmethod(measure_psnr)
