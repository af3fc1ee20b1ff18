"""Fusion metrics with their conventions named: see `evaluate` for scores, `METRICS` for what there is.

Names are imported when they are asked for, so that the tables and `--help` can be had without loading torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diffif.metrics.collection import FusionMetric
    from diffif.metrics.conventions import CONVENTIONS, Convention, get_convention
    from diffif.metrics.evaluation import Sources, UndefinedMetric, evaluate
    from diffif.metrics.metric import Metric, Rules, one_definition
    from diffif.metrics.registry import DEFAULT_METRICS, METRICS, choose_metrics, get_metric, metrics_of

__all__ = [
    "CONVENTIONS",
    "DEFAULT_METRICS",
    "METRICS",
    "Convention",
    "FusionMetric",
    "Metric",
    "Rules",
    "Sources",
    "UndefinedMetric",
    "choose_metrics",
    "evaluate",
    "get_convention",
    "get_metric",
    "metrics_of",
    "one_definition",
]

_MODULES = {
    "collection": ("FusionMetric",),
    "conventions": ("CONVENTIONS", "Convention", "get_convention"),
    "evaluation": ("Sources", "UndefinedMetric", "evaluate"),
    "metric": ("Metric", "Rules", "one_definition"),
    "registry": ("DEFAULT_METRICS", "METRICS", "choose_metrics", "get_metric", "metrics_of"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
