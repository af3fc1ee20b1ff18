"""What a study of videos may vary; everything here enters the cell id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from downstream.grid.cell import IDENTITY_IF_SET, NOT_IDENTITY
from suite.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class VideoSettings:
    """Quality and consistency of fused clips."""

    metrics: tuple[str, ...] = field(default=(), metadata=NOT_IDENTITY)
    """Image metrics of the frames: vif ssim mi qabf ..., or all (default: the usual ones that the convention
    defines)."""
    convention: str = "vf-bench"
    """Which published definitions of the image metrics."""
    flow: str = "dis"
    """Optical flow behind BiSWE and MS2R: dis is OpenCV's DIS flow. Another estimator gives other values."""
    max_frames: int | None = None
    """Only the first so many frames of each clip (default: all)."""
    reference: Literal["clean", "corrupted"] = field(default="clean", metadata=IDENTITY_IF_SET)
    """Under --corrupt, what fused frames are compared with: the sources as their files hold them, or as they were
    fused."""

    def __post_init__(self) -> None:
        if self.max_frames is not None and self.max_frames < 3:
            raise SettingsError(f"--max-frames must be at least 3, got {self.max_frames}")
