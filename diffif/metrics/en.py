"""EN over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.en import measure_en


class EN(FusionMetric):
    """Entropy of the fused image."""

    name = "en"
    label = "EN"
    higher_is_better = True
    value_range = (0.0, 8.0)
    unit = "bits"
    undefined = "never"
    citation = "Roberts, van Aardt and Ahmed, J. Applied Remote Sensing 2(1), 2008"
    smallest_side = 1
    measure = staticmethod(measure_en)
