"""SD over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.sd import measure_sd


class SD(FusionMetric):
    """Standard deviation of the fused image."""

    name = "sd"
    label = "SD"
    higher_is_better = True
    value_range = (0.0, 127.5)
    unit = "grey levels"
    undefined = "never"
    citation = "Rao, Measurement Science and Technology 8(4), 1997"
    smallest_side = 1
    measure = staticmethod(measure_sd)
