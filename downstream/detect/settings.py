"""What a detection run may vary; everything here enters the cell id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from downstream.grid.cell import NOT_IDENTITY
from downstream.trained_settings import TrainedTaskSettings
from suite.errors import SettingsError
from suite.options import Argument

FROZEN_MODEL = "model"
"""--frozen-on model: the given network is judged as it is, without any training."""


@dataclass(frozen=True, kw_only=True)
class DetectionSettings(TrainedTaskSettings):
    """One detector, the same for every fuser."""

    model: Annotated[str, Argument(metavar="NAME", aliases=("--detector",))] = field(
        default="yolov8n.pt", metadata=NOT_IDENTITY
    )
    """A .pt or .yaml file of ultralytics, one of its names (yolov8n.pt, yolo11s.yaml, rtdetr-l.yaml ...; .yaml starts
    from random weights), or LIBRARY:NAME. Nothing is downloaded."""
    epochs: int = 100
    """Passes over the training images; the best epoch on validation is tested."""
    imgsz: int = 640
    """Longer side in pixels at which the detector sees an image."""
    batch: int = 16
    """Images per training step."""
    nominal_batch: int = 64
    """Images per optimiser step: gradients of several batches are added up to it (ultralytics' nbs)."""
    patience: int = 50
    """Epochs without progress on validation after which training stops."""
    learning_rate: float | None = None
    """First learning rate (default: the library chooses optimiser and rate)."""
    frozen_on: Annotated[str, Argument(metavar="NAME")] = field(default="", metadata=NOT_IDENTITY)
    """For frozen: the fuser whose images train the one detector, or "model" for the given weights as they are."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("epochs", "imgsz", "batch", "nominal_batch"):
            if getattr(self, name) < 1:
                raise SettingsError(f"--{name.replace('_', '-')} must be at least 1, got {getattr(self, name)}")
        if self.imgsz % 32:
            below, above = self.imgsz // 32 * 32, self.imgsz // 32 * 32 + 32
            raise SettingsError(
                f"--imgsz must be a multiple of 32, got {self.imgsz}; the nearest are {below or above} and {above}."
            )
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise SettingsError(f"--learning-rate must be positive, got {self.learning_rate}")
        if not self.trains and self.model.endswith((".yaml", ".yml")):
            raise SettingsError(
                f"--frozen-on model judges trained weights; {self.model} has none. Pass --model PATH.pt."
            )

    @property
    def trains(self) -> bool:
        """Not where the given weights judge as they are."""
        return self.frozen_on != FROZEN_MODEL
