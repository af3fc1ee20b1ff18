"""A task that anyone could add: the mean level of the fused images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from datasets.base import Labels
from datasets.images import read_array
from downstream.grid.cell import Place
from downstream.task import Measured, Score, TaskCell
from suite.errors import ImageError
from suite.rows import Quantity


@dataclass(frozen=True, kw_only=True)
class BrightnessSettings:
    """How bright is too bright."""

    most: float = 255.0
    """A brighter image is refused."""


@dataclass(frozen=True, kw_only=True)
class BrightnessCell(TaskCell):
    """Mean level of one method's images."""

    kind: ClassVar[str] = "brightness"
    labels: ClassVar[Labels | None] = "quality"
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "level": Quantity(label="Level", unit="", higher_is_better=None),
    }
    headline: ClassVar[tuple[str, ...]] = ("level",)
    settings: BrightnessSettings

    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        fused = self.fuse_cell("test").fused("test", place.workdir)
        levels = [float(read_array(fused.image(one)).mean()) for one in fused.ids]
        if max(levels) > self.settings.most:
            raise ImageError(f"an image has the level {max(levels):.0f}")
        return Measured(scores=[Score(metric="level", value=sum(levels) / len(levels), n=len(levels))])
