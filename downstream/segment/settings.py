"""What a segmentation run may vary; everything here enters the cell id."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from downstream.grid.cell import NOT_IDENTITY
from downstream.trained_settings import TrainedTaskSettings
from suite.errors import SettingsError

ClassCounting = Literal["all", "ignore-unlabelled", "present"]
COUNTINGS: tuple[ClassCounting, ...] = ("all", "ignore-unlabelled", "present")
STRIDE = 32
"""Sides of a training crop, and of a padded test image, are multiples of this."""


@dataclass(frozen=True, kw_only=True)
class SegmentationSettings(TrainedTaskSettings):
    """One network, the same for every fuser."""

    arch: str = "segformer"
    """Decoder: segformer, unet, deeplabv3plus, upernet, fpn ... of segmentation-models-pytorch."""
    encoder: str = "mit_b0"
    """Backbone: mit_b0, resnet18, resnet34 ... of segmentation-models-pytorch."""
    encoder_weights: str = field(default="imagenet", metadata=NOT_IDENTITY)
    """imagenet, none, or a file with the encoder's tensors. Nothing is downloaded."""
    epochs: int = 100
    """Passes over the training images; the best epoch on validation is tested."""
    crop: int = 384
    """Side of the square training crop in pixels."""
    batch: int = 8
    """Crops per step."""
    learning_rate: float = 3e-4
    """First learning rate of AdamW; it falls to zero by the poly schedule."""
    poly_power: float = 0.9
    """Exponent of the poly schedule (Liu et al., ParseNet, 2015)."""
    weight_decay: float = 0.01
    """Of AdamW."""
    ema_decay: float = 0.99
    """Decay of the averaged weights that are validated and tested; smaller in the first steps."""
    patience: int = 20
    """Epochs without progress on validation after which training stops."""
    classes: ClassCounting = "ignore-unlabelled"
    """Which classes the headline mIoU counts, and whether the network learns the unlabelled class (all)."""
    amp: bool = True
    """bfloat16 autocast on a GPU."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("epochs", "batch", "patience"):
            if getattr(self, name) < 1:
                raise SettingsError(f"--{name} must be at least 1, got {getattr(self, name)}")
        if self.crop < STRIDE or self.crop % STRIDE:
            nearest = max(STRIDE, round(self.crop / STRIDE) * STRIDE)
            raise SettingsError(f"--crop must be a multiple of {STRIDE}, got {self.crop}; the nearest is {nearest}.")
        if not self.learning_rate > 0:
            raise SettingsError(f"--learning-rate must be positive, got {self.learning_rate}")
        if not 0 <= self.ema_decay < 1:
            raise SettingsError(f"ema_decay must lie in [0, 1), got {self.ema_decay}")

    def for_training(self) -> SegmentationSettings:
        """What determines the trained weights; everything else at its default, so that trainings are shared."""
        # Only whether the unlabelled class is learned matters to the network.
        classes: ClassCounting = "all" if self.classes == "all" else "ignore-unlabelled"
        return replace(super().for_training(), classes=classes)
