"""VIF over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.vif import measure_vif
from diffif.metrics.pyramid import SMALLEST_SIDE


class VIF(FusionMetric):
    """Pixel-domain visual information fidelity to both sources."""

    name = "vif"
    label = "VIF"
    higher_is_better = True
    value_range = (0.0, math.inf)
    undefined = "a source is constant"
    citation = "Sheikh and Bovik, IEEE Trans. Image Processing 15(2), 2006"
    smallest_side = SMALLEST_SIDE
    measure = staticmethod(measure_vif)
