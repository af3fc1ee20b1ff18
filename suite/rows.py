"""What a number in a result is: its quantity, its place, its interval; one row of a record."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suite.errors import ResultError

if TYPE_CHECKING:
    pass


BOUND_TOLERANCE = 1e-5
"""Relative; single precision sums a few thousand terms to about 1e-6."""
NOT_OVER_IMAGES = ("ms", "frames/s", "FLOP", "byte", "parameter", "count")
"""Units of what is measured or counted rather than averaged over test images: no interval is expected."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What a number is. Each task states it once for each of its metrics; rows carry it to whoever shows them."""

    label: str
    """As the field prints it, without qualifier and unit: "mAP50", "IoU", "Time"."""
    unit: str
    """Empty for a pure number; "fraction" (shown as percent), "ms", "FLOP", "byte", "parameter", "count", "bits" ..."""
    higher_is_better: bool | None
    """None where no direction is agreed on."""
    ideal: float | None = None
    """The value to come close to, where neither more nor less is better."""
    lowest: float | None = None
    """Smallest value that the definition can give; None where there is none."""
    highest: float | None = None
    """Likewise the largest."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number. Scores are fractions; `value` is nan where the metric is undefined or was not measured."""

    dataset: str
    split: str
    task: str
    """"quality", "detect", "segment", "video" or "cost"."""
    fuser: str
    """Label-free name as the user wrote it after --fuser."""
    variant: str = "full"
    """Ablation variant of the fuser: "full", "no-prior", "steps=1" ..."""
    protocol: str = ""
    """"retrain", "frozen-model" or "frozen-FUSER"; empty where a task has no protocols."""
    condition: str = ""
    """What was done to the sources before fusing: "infrared.shift:4px"; empty where they are clean."""
    axis: str = ""
    """The condition without its severity, "infrared.shift [px]": rows of one axis lie on one curve."""
    severity: float = 0.0
    """Where on that axis; 0 is the clean pair."""
    seed: int | None = None
    """Of the training; None where nothing was trained."""
    metric: str
    """Metric key; qualified as in "iou/person" or "map50/evidence:infrared" for classes and evidence."""
    label: str
    """Of the part of `metric` before the slash; see `Quantity`."""
    unit: str
    """See `Quantity`."""
    value: float
    ci_low: float = math.nan
    ci_high: float = math.nan
    n: int = 0
    """Images (or boxes) behind the value."""
    higher_is_better: bool | None
    """None where no direction is agreed on."""
    ideal: float | None = None
    """See `Quantity`."""
    lowest: float | None = None
    """See `Quantity`."""
    highest: float | None = None
    """See `Quantity`."""
    no_interval: str = ""
    """Why a defined value has no interval; filled in where it follows from the row."""

    @property
    def better(self) -> bool | None:
        """The direction of what is compared: the value, or minus its distance from `ideal`; None if none is agreed."""
        return True if self.ideal is not None else self.higher_is_better

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value that the definition can give; infinite where unbounded."""
        low, high = (0.0, 1.0) if self.unit == "fraction" else (-math.inf, math.inf)
        return low if self.lowest is None else self.lowest, high if self.highest is None else self.highest

    @property
    def is_impossible(self) -> bool:
        """Whether the value is one that its definition cannot give, by more than rounding: a mistake, or a forgery."""
        return is_outside(self.value, self.bounds)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            return
        if math.isfinite(self.ci_low) and math.isfinite(self.ci_high):
            if not self.ci_low <= self.value <= self.ci_high:
                raise ResultError(
                    f"{self.task} {self.fuser}: the interval [{self.ci_low}, {self.ci_high}] of {self.metric} does not "
                    f"contain its value {self.value}. An interval must be that of the same estimator."
                )
        elif not self.no_interval:
            object.__setattr__(self, "no_interval", _why_no_interval(self))


def is_outside(value: float, bounds: tuple[float, float]) -> bool:
    """Whether a number lies outside bounds by more than the rounding of its sums; nan lies nowhere.

    >>> is_outside(8.2, (0, 8)), is_outside(1.0000001, (-1, 1)), is_outside(math.nan, (0, 1))
    (True, False, False)
    """
    low, high = bounds
    return value < low - BOUND_TOLERANCE * max(abs(low), 1) or value > high + BOUND_TOLERANCE * max(abs(high), 1)


def _why_no_interval(row: Row) -> str:
    if row.unit in NOT_OVER_IMAGES or row.better is None:
        return "a fact, not a score averaged over images"
    if row.n < 2:
        return "fewer than two images"
    if row.unit == "fraction" and row.value in (0.0, 1.0):
        return f"all images score {row.value:g}: how far others would scatter is unknown"
    raise ResultError(
        f"{row.task} {row.fuser}: {row.metric} = {row.value} has neither an interval nor a reason (`no_interval`) for "
        "having none."
    )
