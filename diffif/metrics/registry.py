"""The table of metrics: name -> the class that measures it. Direction, range and citation are the class's own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from suite.errors import UnknownName

if TYPE_CHECKING:
    from diffif.metrics.base import FusionMetric

METRICS = {
    "en": "diffif.metrics.en:EN",
    "sd": "diffif.metrics.sd:SD",
    "sf": "diffif.metrics.sf:SF",
    "ag": "diffif.metrics.ag:AG",
    "ei": "diffif.metrics.ei:EI",
    "mi": "diffif.metrics.mi:MI",
    "nmi": "diffif.metrics.nmi:NMI",
    "fmi_pixel": "diffif.metrics.fmi:FMIPixel",
    "fmi_gradient": "diffif.metrics.fmi:FMIGradient",
    "fmi_dct": "diffif.metrics.fmi:FMIDCT",
    "fmi_wavelet": "diffif.metrics.fmi:FMIWavelet",
    "ce": "diffif.metrics.ce:CE",
    "cc": "diffif.metrics.cc:CC",
    "scd": "diffif.metrics.scd:SCD",
    "mse": "diffif.metrics.mse:MSE",
    "rmse": "diffif.metrics.rmse:RMSE",
    "psnr": "diffif.metrics.psnr:PSNR",
    "ssim": "diffif.metrics.ssim:SSIM",
    "ms_ssim": "diffif.metrics.ms_ssim:MSSSIM",
    "vif": "diffif.metrics.vif:VIF",
    "viff": "diffif.metrics.viff:VIFF",
    "qabf": "diffif.metrics.qabf:Qabf",
    "nabf": "diffif.metrics.nabf:Nabf",
    "qo": "diffif.metrics.piella:Qo",
    "qw": "diffif.metrics.piella:Qw",
    "qe": "diffif.metrics.piella:Qe",
    "qcb": "diffif.metrics.qcb:Qcb",
    "qcv": "diffif.metrics.qcv:Qcv",
    "qp": "diffif.metrics.qp:Qp",
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
