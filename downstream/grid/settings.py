"""What a grid may vary about its tasks; detector and segmentation network have the settings of their own commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from downstream.detect.settings import DetectionSettings
from downstream.segment.settings import SegmentationSettings
from suite.errors import SettingsError
from suite.settings import override

TaskName = Literal["quality", "detect", "segment", "cost"]
TASKS: tuple[TaskName, ...] = ("quality", "detect", "segment", "cost")


@dataclass(frozen=True, kw_only=True)
class QualitySettings:
    """Image metrics of the test images."""

    metrics: tuple[str, ...] = ()
    """Empty: the field's usual ones, as far as the convention defines them; "all": all of them."""
    convention: str = "standard"
    """Which published definitions."""
    limit: int | None = None
    """Only so many pairs, evenly spaced."""
    resamples: int = 1000
    """Bootstrap draws behind the intervals."""


@dataclass(frozen=True, kw_only=True)
class CostSettings:
    """What a fuser takes per image."""

    sizes: tuple[str, ...] = ("480x640", "960x1440")
    """HxW of the measured images."""
    repeats: int = 5
    """Timed runs."""
    warmup: int = 1
    """Runs before them."""
    threads: int = 1
    """CPU threads of the measured process."""
    timeout_seconds: float = 1800.0
    """Of one measurement."""
    memory_limit_gib: float | None = None
    """Of one measurement; None: 90 % of what is free."""

    def __post_init__(self) -> None:
        if min(self.repeats, self.threads) < 1 or self.warmup < 0 or self.timeout_seconds <= 0:
            raise SettingsError("cost needs repeats >= 1, threads >= 1, warmup >= 0 and timeout_seconds > 0")


@dataclass(frozen=True, kw_only=True)
class TaskSettings:
    """The settings of all tasks on one dataset."""

    quality: QualitySettings = field(default_factory=QualitySettings)
    detect: DetectionSettings = field(default_factory=DetectionSettings)
    segment: SegmentationSettings = field(default_factory=SegmentationSettings)
    cost: CostSettings = field(default_factory=CostSettings)
    fuse_batch: int = 4
    """Pairs fused at once."""

    def __post_init__(self) -> None:
        if self.fuse_batch < 1:
            raise SettingsError(f"fuse_batch must be at least 1, got {self.fuse_batch}")


def task_settings(*, laboratory: bool, changes: Mapping[str, Any]) -> TaskSettings:
    """The defaults of the task commands, for real pairs or for the synthetic laboratory, with changes.

    Args:
        laboratory: Whether the pairs are drawn.
        changes: Dotted keys, for example {"detect.epochs": 30}.
    """
    from downstream.detect.__main__ import SYNTHETIC_BATCH, SYNTHETIC_EPOCHS, SYNTHETIC_IMGSZ, SYNTHETIC_MODEL
    from downstream.segment.__main__ import LABORATORY, LABORATORY_RATE

    settings = TaskSettings()
    if laboratory:
        settings = TaskSettings(
            detect=DetectionSettings(
                model=SYNTHETIC_MODEL,
                epochs=SYNTHETIC_EPOCHS,
                imgsz=SYNTHETIC_IMGSZ,
                batch=SYNTHETIC_BATCH,
                nominal_batch=SYNTHETIC_BATCH,
            ),
            segment=override(SegmentationSettings(), {**LABORATORY, "learning_rate": LABORATORY_RATE}),
            cost=CostSettings(sizes=("256x320",)),
        )
    return override(settings, changes)
