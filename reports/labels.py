"""How metric keys, fusers, datasets and protocols are written for a reader: the one place that turns keys into words.

Records hold fractions; percent exists only here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MISSING = "missing"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class MetricLabel:
    """How one metric is shown."""

    text: str
    """Short name for a column head."""
    long: str
    """What it measures, for tooltips and captions."""
    unit: str = ""
    """Unit behind the number; "%" for fractions shown as percent."""
    scale: float = 1.0
    """Factor from the record to what is shown."""
    decimals: int | None = None
    """Fixed decimals; None chooses by size."""


METRICS: dict[str, MetricLabel] = {
    "map50": MetricLabel("mAP50", "mean average precision at IoU 0.5", "%", 100, 1),
    "map50_95": MetricLabel("mAP50-95", "mean average precision over IoU 0.50 to 0.95", "%", 100, 1),
    "precision": MetricLabel("Precision", "share of detections that are right", "%", 100, 1),
    "recall": MetricLabel("Recall", "share of objects that are found", "%", 100, 1),
    "f1": MetricLabel("F1", "harmonic mean of precision and recall", "%", 100, 1),
    "ap50": MetricLabel("AP50", "average precision at IoU 0.5", "%", 100, 1),
    "ap50_95": MetricLabel("AP50-95", "average precision over IoU 0.50 to 0.95", "%", 100, 1),
    "miou": MetricLabel("mIoU", "mean intersection over union", "%", 100, 1),
    "iou": MetricLabel("IoU", "intersection over union", "%", 100, 1),
    "pixel_accuracy": MetricLabel("Pixel acc.", "share of pixels with the right class", "%", 100, 1),
    "boundary_f1": MetricLabel("Boundary F1", "F1 of class boundaries", "%", 100, 1),
    "en": MetricLabel("EN", "entropy of the fused image", "bit"),
    "sd": MetricLabel("SD", "standard deviation of the fused image"),
    "sf": MetricLabel("SF", "spatial frequency"),
    "ag": MetricLabel("AG", "average gradient"),
    "mi": MetricLabel("MI", "mutual information with both sources"),
    "nmi": MetricLabel("NMI", "normalised mutual information"),
    "scd": MetricLabel("SCD", "sum of the correlations of differences"),
    "vif": MetricLabel("VIF", "visual information fidelity"),
    "viff": MetricLabel("VIFF", "visual information fidelity for fusion"),
    "qabf": MetricLabel("Qabf", "edge information carried from both sources"),
    "ssim": MetricLabel("SSIM", "structural similarity to both sources"),
    "ms_ssim": MetricLabel("MS-SSIM", "multi-scale structural similarity"),
    "cc": MetricLabel("CC", "correlation with both sources"),
    "psnr": MetricLabel("PSNR", "peak signal-to-noise ratio", "dB"),
    "mse": MetricLabel("MSE", "mean squared error"),
    "nabf": MetricLabel("Nabf", "artefacts added by fusion"),
    "ms": MetricLabel("Time", "time per image", "ms"),
    "flops": MetricLabel("FLOPs", "floating-point operations per image", "G", 1e-9),
    "parameters": MetricLabel("Parameters", "trainable parameters", "M", 1e-6, 2),
    "num_classes": MetricLabel("Classes", "classes in the mean", decimals=0),
    "failed": MetricLabel("Failed", "1 where the measurement ran out of memory or failed", decimals=0),
    "peak_memory": MetricLabel("Memory", "peak memory", "MiB", 1 / 2**20, 0),
}
TASKS = {"detect": "Detection", "segment": "Segmentation", "quality": "Image quality", "cost": "Cost"}
TASK_ORDER = tuple(TASKS)
PRIMARY = {"detect": "map50", "segment": "miou"}
"""The metric by which a task's methods are ranked; quality is ranked over all its metrics."""
DATASETS = {
    "llvip": "LLVIP", "llvip_mini": "LLVIP mini", "fmb": "FMB", "msrs": "MSRS", "m3fd": "M3FD", "tno": "TNO",
    "roadscene": "RoadScene", "harvard": "Harvard", "synthetic": "Synthetic laboratory", "random": "random images",
}  # fmt: skip
COST_STEMS = ("ms", "flops", "parameters", "peak_memory")
"""Never part of a ranking by quality, even where a quality record tells them."""
MEDICAL_DATASETS = ("harvard",)
BASELINES = ("visible", "infrared")
CLASS_STEMS = ("iou", "ap50", "ap50_95", "precision", "recall", "f1")
"""Metrics that a qualifier splits by class."""
EVIDENCE = ("both", "infrared", "visible")


def split_metric(key: str) -> tuple[str, str]:
    """The stem and the qualifier of a metric key.

    >>> split_metric("map50/evidence:infrared"), split_metric("vif")
    (('map50', 'evidence:infrared'), ('vif', ''))
    """
    stem, _, qualifier = key.partition("/")
    return stem, qualifier


def metric_label(key: str) -> MetricLabel:
    """The label of a metric key; an unknown key is shown as it is, unscaled."""
    stem, qualifier = split_metric(key)
    label = METRICS.get(stem, MetricLabel(stem, stem))
    if not qualifier:
        return label
    shown = qualifier.replace("x", "×") if _is_size(qualifier) else qualifier.removeprefix("evidence:")
    return replace(label, text=f"{label.text} {shown}", long=f"{label.long}, {shown}")


def column_head(key: str) -> str:
    """Name and unit, as a column or an axis shows them: "mAP50 [%]"."""
    label = metric_label(key)
    return f"{label.text} [{label.unit}]" if label.unit else label.text


def dataset_label(key: str) -> str:
    """A dataset's name as the field writes it."""
    return DATASETS.get(key, key)


def method_label(fuser: str, ablation: str = "full") -> str:
    """A fuser as the user wrote it, without the folders of a path, and its ablation variant."""
    prefix, colon, rest = fuser.partition(":")
    shown = f"{prefix}:{rest.rstrip('/').rsplit('/', 1)[-1]}" if colon and "/" in rest else fuser
    return shown if ablation == "full" else f"{shown} · {ablation}"


def decimals_for(key: str, values: list[float]) -> int:
    """Decimals for a column, so that its largest number shows about four digits."""
    label = metric_label(key)
    if label.decimals is not None:
        return label.decimals
    finite = [abs(v * label.scale) for v in values if math.isfinite(v)]
    largest = max(finite, default=0.0)
    return 1 if largest >= 100 else 2 if largest >= 10 else 3


def format_number(value: float, decimals: int, *, signed: bool = False) -> str:
    """A number with a true minus sign and grouped thousands, zero without sign; "undefined" for nan.

    >>> format_number(-1234.5, 1), format_number(0.25, 2, signed=True), format_number(-0.001, 2, signed=True)
    ('−1,234.5', '+0.25', '0.00')
    """
    if math.isnan(value):
        return "undefined"
    text = f"{abs(value):,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return f"{MINUS if value < 0 else '+' if signed else ''}{text}"


def show_value(key: str, value: float, decimals: int, *, signed: bool = False) -> str:
    """A record's value as the report shows it, scaled and rounded, without unit."""
    return format_number(value * metric_label(key).scale, decimals, signed=signed)


def show_p(p: float) -> str:
    """A p value as text.

    >>> show_p(0.0004), show_p(0.0312)
    ('p < 0.001', 'p = 0.031')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def arrow(higher: bool | None) -> str:
    """Which way is better: an arrow, or nothing where no direction is agreed on."""
    return {True: "↑", False: "↓", None: ""}[higher]


def _is_size(qualifier: str) -> bool:
    height, x, width = qualifier.partition("x")
    return bool(x) and height.isdigit() and width.isdigit()
