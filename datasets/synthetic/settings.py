"""What the synthetic laboratory draws: sizes, counts, shares of evidence, and how good the two cameras are.

Scene `i` of a split depends on the seed, the split and `i` alone: asking for more scenes never changes the first ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from datasets.layouts.fmb import FMB
from suite.errors import SettingsError

Evidence = Literal["both", "infrared", "visible"]
EVIDENCE: tuple[Evidence, ...] = ("both", "infrared", "visible")
EVIDENCE_IDS: Mapping[str, int] = {"none": 0, "both": 1, "infrared": 2, "visible": 3}

BOX_CLASSES = ("person", "car", "bicycle")
MASK_CLASSES = FMB.classes
"""FMB's classes in the order of their ids."""
MASK_IDS: Mapping[str, int] = {name.lower(): index for index, name in enumerate(MASK_CLASSES)}
"""Id by name in lower case."""

DRAWING_VERSION = 3
"""Raised whenever the same settings would draw other pixels."""

SMALLEST_SIDE = 64
MOST_SCENES = 100_000
"""Ids are one digit for the split and five for the scene."""


@dataclass(frozen=True, kw_only=True)
class EvidenceShares:
    """How the labelled objects divide over the three kinds of evidence; the shares sum to 1."""

    both: float = 0.34
    """Warm, and well seen in visible light."""
    infrared: float = 0.33
    """Warm, but camouflaged or in the dark: practically no contrast in the visible image."""
    visible: float = 0.33
    """At ambient temperature: practically no contrast in the infrared image."""

    def __post_init__(self) -> None:
        values = dataclasses.astuple(self)
        if min(values) < 0 or abs(sum(values) - 1) > 1e-6:
            raise SettingsError(f"shares of both, infrared and visible must be >= 0 and sum to 1, got {values}")


@dataclass(frozen=True, kw_only=True)
class ContentSettings:
    """How much stands in one scene; a rate is a mean number per scene, a range is inclusive."""

    people: tuple[int, int] = (2, 4)
    """Walking people per scene."""
    cars: tuple[int, int] = (0, 2)
    """Cars per scene."""
    cyclists: tuple[int, int] = (0, 1)
    """Riders with their bicycle per scene (two labelled objects of one evidence)."""
    parked_bicycles: float = 0.25
    """Bicycles without rider."""
    posters: float = 0.7
    """Panels that show a person: visible only, no label."""
    statues: float = 0.3
    """Stone people on a plinth at ambient temperature, no label."""
    reflections: float = 0.3
    """People mirrored in puddles: visible only, no label."""
    cabinets: float = 0.5
    """Warm upright boxes of a person's size, no label."""
    plumes: float = 0.4
    """Warm air rising over a manhole: infrared only, no label."""
    manholes: float = 0.6
    """Warm covers in the road, no label."""
    animals: float = 0.35
    """Warm dogs, dark in visible light, no label."""
    person_height: tuple[float, float] = (0.17, 0.44)
    """Smallest and largest height of a person as a share of the image's height."""

    def __post_init__(self) -> None:
        for name in ("people", "cars", "cyclists"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise SettingsError(f"content.{name} must be a range 0 <= low <= high, got {low}..{high}")
        low_height, high_height = self.person_height
        if not 0 < low_height <= high_height <= 0.9:
            raise SettingsError(
                f"content.person_height must be 0 < low <= high <= 0.9, got {low_height}..{high_height}"
            )
        rates = [f.name for f in dataclasses.fields(self) if f.type == "float"]
        negative = [name for name in rates if getattr(self, name) < 0]
        if negative:
            raise SettingsError(f"content.{negative[0]} must be >= 0, got {getattr(self, negative[0])}")


@dataclass(frozen=True, kw_only=True)
class SensorSettings:
    """How the two cameras degrade what they see."""

    visible_noise: float = 0.012
    """Read noise of the visible camera by day, as a share of full scale; night adds gain."""
    night_gain: float = 2.0
    """How many times noisier the visible camera is by night."""
    glare: float = 1.0
    """Strength of the halo around light sources; 0 = none."""
    jpeg_quality: tuple[int, int] = (60, 95)
    """Range of the JPEG quality that the visible image went through before it is stored as PNG."""
    vignetting: float = 0.25
    """Share of light lost in the corners."""
    infrared_blur: float = 0.0035
    """Standard deviation of the infrared optics' blur, as a share of the image height."""
    infrared_noise: float = 0.25
    """Noise-equivalent temperature difference in kelvin."""
    fixed_pattern: float = 0.12
    """Standard deviation of the column pattern in kelvin."""
    infrared_span: tuple[float, float] = (20.0, 28.0)
    """Kelvin between black and white, drawn per scene."""
    polarity: Literal["white-hot", "black-hot", "mixed"] = "white-hot"
    """Whether warm is bright, dark, or drawn per scene."""

    def __post_init__(self) -> None:
        low, high = self.jpeg_quality
        if not 1 <= low <= high <= 100:
            raise SettingsError(f"sensor.jpeg_quality must be 1 <= low <= high <= 100, got {low}..{high}")
        if not 0 < self.infrared_span[0] <= self.infrared_span[1]:
            raise SettingsError(f"sensor.infrared_span must be 0 < low <= high, got {self.infrared_span}")


@dataclass(frozen=True, kw_only=True)
class SyntheticSettings:
    """One synthetic dataset."""

    height: int = 256
    """Image height in pixels."""
    width: int = 320
    """Image width in pixels."""
    num_train: int = 240
    """Training pairs."""
    num_val: int = 40
    """Validation pairs."""
    num_test: int = 100
    """Test pairs."""
    seed: int = 0
    """Same seed, same scenes."""
    night_fraction: float = 0.5
    """Share of scenes by night."""
    evidence: EvidenceShares = field(default_factory=EvidenceShares)
    content: ContentSettings = field(default_factory=ContentSettings)
    sensor: SensorSettings = field(default_factory=SensorSettings)

    def __post_init__(self) -> None:
        if min(self.height, self.width) < SMALLEST_SIDE:
            raise SettingsError(f"height and width must be at least {SMALLEST_SIDE}, got {self.height}x{self.width}")
        for name in ("num_train", "num_val", "num_test"):
            if not 0 <= getattr(self, name) < MOST_SCENES:
                raise SettingsError(f"{name} must lie in [0, {MOST_SCENES}), got {getattr(self, name)}")
        if not 0 <= self.night_fraction <= 1:
            raise SettingsError(f"night_fraction must lie in [0, 1], got {self.night_fraction}")
        if self.seed < 0:
            raise SettingsError(f"seed must be >= 0, got {self.seed}")

    def count(self, split: str) -> int:
        """Number of pairs in "train", "val" or "test"."""
        return int(getattr(self, f"num_{split}"))
