"""Draw a synthetic dataset: registered street scenes in which it is known which modality shows each object.

The same settings and seed draw the same pixels. A run that was cut off goes on where it stopped.

Examples:
  python -m datasets sample data/synthetic
  python -m datasets sample data/night --size 480x640 --num-train 1000 --night-fraction 1 --set sensor.glare=2
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suite.errors import SettingsError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

PLAIN = ("num_train", "num_val", "num_test", "seed", "night_fraction")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments; what is not given keeps the default of `SyntheticSettings`."""
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--size", default=None, help="HEIGHTxWIDTH in pixels, for example 256x320")
    parser.add_argument("--num-train", type=int, default=None, help="training pairs")
    parser.add_argument("--num-val", type=int, default=None, help="validation pairs")
    parser.add_argument("--num-test", type=int, default=None, help="test pairs")
    parser.add_argument("--seed", type=int, default=None, help="same seed, same scenes")
    parser.add_argument("--night-fraction", type=float, default=None, help="share of scenes by night, 0 to 1")
    parser.add_argument("--set", nargs="*", default=[], help="any other setting, as evidence.both=0.5")


def run(arguments: Namespace) -> int:
    """Draw it and print where it is."""
    from datasets.synthetic.settings import SyntheticSettings
    from datasets.synthetic.writer import generate
    from suite.settings import override, parse_assignments

    assignments: dict[str, object] = dict(parse_assignments(arguments.set))
    assignments.update({name: arguments[name] for name in PLAIN if arguments[name] is not None})
    if arguments.size is not None:
        assignments["height"], assignments["width"] = parse_size(arguments.size)
    settings = override(SyntheticSettings(), assignments)
    out = generate(settings, arguments.out)
    counts = ", ".join(f"{split} {settings.count(split)}" for split in ("train", "val", "test"))
    print(f"{out}: {counts} pairs of {settings.height}x{settings.width} (HxW), seed {settings.seed}")
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
