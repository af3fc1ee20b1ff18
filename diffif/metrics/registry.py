"""The table of metrics: name -> the class that measures it. Direction, range and citation are the class's own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from datasets.errors import UnknownName

if TYPE_CHECKING:
    from diffif.metrics.base import FusionMetric

METRICS = {
    "en": "diffif.metrics.en:EN",
    "sd": "diffif.metrics.sd:SD",
    "sf": "diffif.metrics.sf:SF",
    "ag": "diffif.metrics.ag:AG",
    "mi": "diffif.metrics.mi:MI",
    "scd": "diffif.metrics.scd:SCD",
    "vif": "diffif.metrics.vif:VIF",
    "qabf": "diffif.metrics.qabf:Qabf",
    "ssim": "diffif.metrics.ssim:SSIM",
    "cc": "diffif.metrics.cc:CC",
}


def get_metric(name: str) -> type[FusionMetric]:
    """The class of one metric.

    Raises:
        UnknownName: there is none of that name; names the nearest.
    """
    if name not in METRICS:
        raise UnknownName("metric", name, known=METRICS)
    module, _, attribute = METRICS[name].partition(":")
    found: type[FusionMetric] = getattr(import_module(module), attribute)
    return found
