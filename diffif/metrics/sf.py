"""SF over a data set."""

from __future__ import annotations

import math

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.sf import measure_sf


class SF(FusionMetric):
    """Spatial frequency of the fused image."""

    name = "sf"
    label = "SF"
    higher_is_better = True
    value_range = (0.0, math.inf)
    unit = "grey levels"
    undefined = "never"
    citation = "Eskicioglu and Fisher, IEEE Trans. Communications 43(12), 1995"
    smallest_side = 2
    measure = staticmethod(measure_sf)
