"""The table of metrics, name -> where its object lies, and the metrics that a command or a caller asks for.

The table alone can be read without loading torch; an entry is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from diffif.metrics.conventions import get_convention
from diffif.metrics.metric import Metric
from suite.errors import SettingsError, UnknownName
from suite.outside import import_named

METRICS = {
    "en": "diffif.metrics.measures.en:METRIC",
    "sd": "diffif.metrics.measures.sd:METRIC",
    "sf": "diffif.metrics.measures.sf:METRIC",
    "ag": "diffif.metrics.measures.ag:METRIC",
    "ei": "diffif.metrics.measures.ei:METRIC",
    "mi": "diffif.metrics.measures.mi:METRIC",
    "nmi": "diffif.metrics.measures.nmi:METRIC",
    "fmi_pixel": "diffif.metrics.measures.fmi_pixel:METRIC",
    "fmi_gradient": "diffif.metrics.measures.fmi_gradient:METRIC",
    "fmi_dct": "diffif.metrics.measures.fmi_dct:METRIC",
    "fmi_wavelet": "diffif.metrics.measures.fmi_wavelet:METRIC",
    "ce": "diffif.metrics.measures.ce:METRIC",
    "cc": "diffif.metrics.measures.cc:METRIC",
    "scd": "diffif.metrics.measures.scd:METRIC",
    "mse": "diffif.metrics.measures.mse:METRIC",
    "rmse": "diffif.metrics.measures.rmse:METRIC",
    "psnr": "diffif.metrics.measures.psnr:METRIC",
    "ssim": "diffif.metrics.measures.ssim:METRIC",
    "ms_ssim": "diffif.metrics.measures.ms_ssim:METRIC",
    "vif": "diffif.metrics.measures.vif:METRIC",
    "viff": "diffif.metrics.measures.viff:METRIC",
    "qabf": "diffif.metrics.measures.qabf:METRIC",
    "nabf": "diffif.metrics.measures.nabf:METRIC",
    "qo": "diffif.metrics.measures.qo:METRIC",
    "qw": "diffif.metrics.measures.qw:METRIC",
    "qe": "diffif.metrics.measures.qe:METRIC",
    "qcb": "diffif.metrics.measures.qcb:METRIC",
    "qcv": "diffif.metrics.measures.qcv:METRIC",
    "qp": "diffif.metrics.measures.qp:METRIC",
    "qncie": "diffif.metrics.measures.qncie:METRIC",
    "qte": "diffif.metrics.measures.qte:METRIC",
    "qm": "diffif.metrics.measures.qm:METRIC",
    "qsf": "diffif.metrics.measures.qsf:METRIC",
    "qy": "diffif.metrics.measures.qy:METRIC",
    "qc": "diffif.metrics.measures.qc:METRIC",
    "fsim": "diffif.metrics.measures.fsim:METRIC",
    "delta_e2000": "diffif.metrics.measures.delta_e2000:METRIC",
}

EXTRA_METRICS = {
    "niqe": "diffif.metrics.no_reference:NIQE",
    "brisque": "diffif.metrics.no_reference:BRISQUE",
    "musiq": "diffif.metrics.no_reference:MUSIQ",
    "clipiqa": "diffif.metrics.no_reference:CLIPIQA",
}
"""Metrics that need the package pyiqa and weights of their own; never part of `all`."""

DEFAULT_METRICS = ("en", "sd", "sf", "ag", "mi", "scd", "vif", "qabf", "ssim", "cc")
"""The metrics of the field's usual table, in its order."""

OWN_METRIC = "your own metric: package.module:METRIC, or the Metric object itself"


def get_metric(metric: str | Metric) -> Metric:
    """One metric, by its name in `METRICS` or `EXTRA_METRICS`, by `package.module:METRIC`, or as the object that it is.

    Raises:
        UnknownName: there is none of that name; names the nearest.
        SettingsError: a module cannot be imported, or holds no metric of that name.
    """
    if isinstance(metric, Metric):
        return metric
    known = METRICS | EXTRA_METRICS
    if metric in known:
        return _import_metric(known[metric])
    if ":" in metric:
        return _import_metric(metric)
    raise UnknownName("metric", metric, known=known, hint=f"Or {OWN_METRIC}.")


def metrics_of(convention: str) -> tuple[str, ...]:
    """The names of every metric that a convention defines, in the table's order.

    Raises:
        UnknownName: no such convention.
    """
    chosen = get_convention(convention)
    return tuple(name for name in METRICS if get_metric(name).is_defined_by(chosen))


def choose_metrics(wanted: Sequence[str | Metric] | None, convention: str) -> tuple[Metric, ...]:
    """The metrics that a user asked for, each once.

    Args:
        wanted: Names, `package.module:METRIC`, metrics, or `all` alone: everything that the convention defines. None or
            nothing: the field's usual ones as far as the convention defines them, or what its own program prints.
        convention: Which published definitions.

    Raises:
        UnknownName: no such metric or convention.
        SettingsError: the convention does not define a metric that was named, or two metrics share a name.
    """
    defined = metrics_of(convention)
    usual = defined if get_convention(convention).prints_all else DEFAULT_METRICS
    names: Sequence[str | Metric] = wanted or [name for name in usual if name in defined]
    if list(names) == ["all"]:
        names = defined
    chosen: dict[str, Metric] = {}
    for metric in map(get_metric, names):
        metric.rules_under(get_convention(convention))
        if chosen.setdefault(metric.name, metric) != metric:
            raise SettingsError(f"two different metrics are called {metric.name!r}. Rename one of them.")
    return tuple(chosen.values())


def _import_metric(path: str) -> Metric:
    found = import_named(path, "the metric", expected=OWN_METRIC)
    if not isinstance(found, Metric):
        raise SettingsError(f"metric {path!r} is a {type(found).__name__}; expected a diffif.metrics.Metric.")
    return found
