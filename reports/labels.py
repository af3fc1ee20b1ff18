"""How metrics, fusers and datasets are written for a reader; label and unit of a metric are read from its records.

Records hold fractions; percent exists only here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MISSING = "missing"
COMPUTING = "being computed"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
"""What was not measured, or is undefined."""


UNITS: dict[str, tuple[str, float, int | None]] = {
    "fraction": ("%", 100, 1),
    "FLOP": ("GFLOP", 1e-9, None),
    "parameter": ("M", 1e-6, 2),
    "byte": ("MiB", 1 / 2**20, 0),
    "count": ("", 1, 0),
}
"""Units of records that are shown otherwise: unit shown, factor, fixed decimals. All others are shown as recorded."""


def slug(text: str) -> str:
    """A text as part of a file's name or an anchor.

    >>> slug("Noise (infrared)")
    'noise--infrared-'
    """
    return "".join(c if c.isalnum() else "-" for c in text.lower())


@dataclass(frozen=True, kw_only=True)
class MetricLabel:
    """How one metric is shown."""

    text: str
    """Short name for a column head."""
    unit: str = ""
    """Unit behind the number; "%" for fractions shown as percent."""
    scale: float = 1.0
    """Factor from the record to what is shown."""
    decimals: int | None = None
    """Fixed decimals; None chooses by size."""

    @property
    def head(self) -> str:
        """Name and unit, as a column or an axis shows them: "mAP50 [%]"."""
        return f"{self.text} [{self.unit}]" if self.unit else self.text

    @property
    def difference_unit(self) -> str:
        """Behind a difference of two values in running text: " points" for percent, else nothing."""
        return " points" if self.unit == "%" else ""

    def decimals_for(self, values: Iterable[float]) -> int:
        """Decimals for a column, so that its largest number shows about four digits."""
        if self.decimals is not None:
            return self.decimals
        largest = max((abs(v * self.scale) for v in values if math.isfinite(v)), default=0.0)
        return 1 if largest >= 100 else 2 if largest >= 10 else 3

    def show(self, value: float, decimals: int, *, signed: bool = False) -> str:
        """A record's value as the report shows it, scaled and rounded, without unit."""
        return format_number(value * self.scale, decimals, signed=signed)

    def with_unit(self, value: float, decimals: int) -> str:
        """A record's value with its unit: "91.2 %"."""
        return f"{self.show(value, decimals)} {self.unit}".strip()


@dataclass(frozen=True)
class Labels:
    """How the metrics of some records are shown, from what the records themselves state."""

    quantities: Mapping[str, tuple[str, str]]
    """Label and unit by the part of a metric key before the slash."""

    def __getitem__(self, key: str) -> MetricLabel:
        """The label of a metric key; a key that no record states is shown as it is, unscaled."""
        stem, qualifier = split_metric(key)
        text, unit = self.quantities.get(stem, (stem, ""))
        if qualifier:
            shown = (
                qualifier.replace("x", "×")
                if _is_size(qualifier)
                else qualifier.removeprefix("evidence:").removeprefix(SUBSET)
            )
            text = f"{text} {shown}"
        shown_unit, scale, decimals = UNITS.get(unit, (unit, 1.0, None))
        return MetricLabel(text=text, unit=shown_unit, scale=scale, decimals=decimals)


TASKS = {"detect": "Detection", "segment": "Segmentation", "quality": "Image quality", "video": "Video", "cost": "Cost"}
TASK_ORDER = tuple(TASKS)
DATASETS = {
    "llvip": "LLVIP", "llvip_mini": "LLVIP mini", "fmb": "FMB", "msrs": "MSRS", "m3fd": "M3FD", "tno": "TNO",
    "roadscene": "RoadScene", "harvard": "Harvard", "synthetic": "Synthetic laboratory", "random": "random images",
}  # fmt: skip
BASELINES = ("visible", "infrared")
CLASS_STEMS = ("iou", "ap50", "ap50_95", "precision", "recall", "f1")
"""Metrics that a qualifier splits by class."""
EVIDENCE = ("both", "infrared", "visible")
SUBSET = "subset:"
"""Before the name of a part of the dataset that is scored on its own, in the qualifier of a metric."""


def split_metric(key: str) -> tuple[str, str]:
    """The stem and the qualifier of a metric key.

    >>> split_metric("map50/evidence:infrared"), split_metric("vif")
    (('map50', 'evidence:infrared'), ('vif', ''))
    """
    stem, _, qualifier = key.partition("/")
    return stem, qualifier


def dataset_label(key: str) -> str:
    """A dataset's name as the field writes it."""
    return DATASETS.get(key, key)


def method_label(fuser: str, variant: str = "full") -> str:
    """A fuser as the user wrote it, without the folders of a path, and its variant."""
    prefix, colon, rest = fuser.partition(":")
    shown = f"{prefix}:{rest.rstrip('/').rsplit('/', 1)[-1]}" if colon and "/" in rest else fuser
    return shown if variant == "full" else f"{shown} · {variant}"


def format_number(value: float, decimals: int, *, signed: bool = False) -> str:
    """A number with a true minus sign and grouped thousands, zero without sign; a dash for what is not a number.

    >>> format_number(-1234.5, 1), format_number(0.25, 2, signed=True), format_number(-0.001, 2, signed=True)
    ('−1,234.5', '+0.25', '0.00')
    """
    if not math.isfinite(value):
        return DASH
    text = f"{abs(value):,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        return text
    return f"{MINUS if value < 0 else '+' if signed else ''}{text}"


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
