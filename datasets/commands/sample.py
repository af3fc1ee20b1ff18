"""Draw a synthetic dataset: registered street scenes in which it is known which modality shows each object.

The same settings and seed draw the same pixels. An interrupted run resumes.

Examples:
  python -m datasets sample data/synthetic
  python -m datasets sample data/night --size 480x640 --num-train 1000 --night-fraction 1 --sensor.glare 2
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from datasets.synthetic.settings import SyntheticSettings
from suite.errors import SettingsError
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class SampleSettings(SyntheticSettings):
    """What to draw, and where to."""

    out: Annotated[Path, Argument(positional=True)]
    """Folder to write."""
    size: Annotated[str | None, Argument(metavar="HxW")] = None
    """Height and width at once, for example 256x320."""
    set: dict[str, Any] = field(default_factory=dict)
    """The same settings in short form: evidence.both=0.5 sensor.glare=2."""


def run(settings: SampleSettings) -> int:
    """Draw it and print where it is."""
    from datasets.synthetic.writer import generate
    from suite.settings import override

    assignments: dict[str, Any] = dict(settings.set)
    if settings.size is not None:
        assignments["height"], assignments["width"] = parse_size(settings.size)
    own = [field.name for field in dataclasses.fields(SyntheticSettings)]
    drawn = override(SyntheticSettings(**{name: getattr(settings, name) for name in own}), assignments)
    out = generate(drawn, settings.out)
    counts = ", ".join(f"{split} {drawn.count(split)}" for split in ("train", "val", "test"))
    print(f"{out}: {counts} pairs of {drawn.height}x{drawn.width} (HxW), seed {drawn.seed}")
    return 0


def parse_size(text: str) -> tuple[int, int]:
    """(height, width) of "256x320".

    Raises:
        SettingsError: it is not of that form.
    """
    height, _, width = text.lower().partition("x")
    if not (height.strip().isdecimal() and width.strip().isdecimal()):
        raise SettingsError(f"--size must be HEIGHTxWIDTH, for example 256x320, got {text!r}")
    return int(height), int(width)
