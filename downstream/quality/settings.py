"""What a quality study may vary; everything here enters the cell id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from downstream.grid.cell import IDENTITY_IF_SET, NOT_IDENTITY
from suite.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class QualitySettings:
    """Image metrics of fused images."""

    metrics: tuple[str, ...] = field(default=(), metadata=NOT_IDENTITY)
    """Image metrics: en sd sf ag mi scd vif qabf ssim cc ..., or all (default: the field's usual ones that the
    convention defines)."""
    convention: str = "standard"
    """Which published definitions of the metrics."""
    split: Literal["train", "val", "test"] = "test"
    """Which split is scored."""
    reference: Literal["clean", "corrupted"] = field(default="clean", metadata=IDENTITY_IF_SET)
    """Under --corrupt, what fused images are compared with: the sources as their files hold them, or as they were
    fused."""
    limit: int | None = field(default=None, metadata=NOT_IDENTITY)
    """Only so many pairs, evenly spaced (default: all)."""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise SettingsError(f"--limit must be at least 1, got {self.limit}")
