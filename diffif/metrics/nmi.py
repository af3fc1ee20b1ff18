"""NMI over a data set."""

from __future__ import annotations

from diffif.metrics.base import FusionMetric
from diffif.metrics.functional.nmi import measure_nmi


class NMI(FusionMetric):
    """Normalised mutual information with both sources."""

    name = "nmi"
    label = "NMI"
    higher_is_better = True
    value_range = (0.0, 2.0)
    undefined = "the fused image and a source are both constant"
    citation = "Hossny, Nahavandi and Creighton, Electronics Letters 44(18), 2008"
    smallest_side = 1
    measure = staticmethod(measure_nmi)
