"""Fusion metrics with their conventions named: see `evaluate` for scores, `METRICS` for what there is."""

from diffif.metrics.conventions import CONVENTIONS, Convention, get_convention
from diffif.metrics.evaluation import DEFAULT_METRICS, Sources, evaluate
from diffif.metrics.registry import METRICS, get_metric

__all__ = [
    "CONVENTIONS",
    "DEFAULT_METRICS",
    "METRICS",
    "Convention",
    "Sources",
    "evaluate",
    "get_convention",
    "get_metric",
]
