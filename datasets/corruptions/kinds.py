"""What may be done to a source, as facts: unit and range of the severity, which source by default. No image here.

The pixels are the business of `datasets.corruptions.operations`. Severity 0 is always the clean image, so that a curve
over severity starts there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["visible", "infrared", "both"]
SOURCES: tuple[Source, ...] = ("visible", "infrared", "both")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way in which a source gets worse."""

    title: str
    """What is done, with what the severity counts."""
    source: Source
    """Which source it disturbs where none is named."""
    most: float
    """Largest severity."""
    unit: str = ""
    """May be written behind the number, and is when it is shown; empty for a pure number."""
    joint: bool = True
    """Whether it can be done to both sources at once."""


KINDS = {
    "shift": Kind(
        title="translation by so many pixels to one of the four sides, drawn per image; the border is mirrored",
        source="infrared",
        most=1000,
        unit="px",
        joint=False,
    ),
    "noise": Kind(
        title="Gaussian noise whose standard deviation is so many of 255 levels, independent in every channel",
        source="both",
        most=255,
    ),
    "stripe": Kind(
        title="fixed pattern of columns: one Gaussian offset per column, its standard deviation a share of full range",
        source="infrared",
        most=1,
    ),
    "blur": Kind(
        title="Gaussian blur whose standard deviation is so many pixels; the border is mirrored",
        source="visible",
        most=100,
        unit="px",
    ),
    "dark": Kind(title="all levels multiplied by 1 minus the severity", source="visible", most=1),
}
"""By name, in the order in which reports show them: users ask for misregistration first."""
