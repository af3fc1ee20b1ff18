"""Segmentation of fused images: fuse, train, evaluate once on test, record, report.

python -m downstream.segment --fuser diffif --fuser average --dataset fmb --root DIR
python -m downstream.segment --fuser diffif                   the synthetic laboratory
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from downstream.command import TaskCommand, run_task_command
from downstream.segment.settings import SegmentationSettings
from suite.options import Argument

DESCRIPTION = """How well are the fused images understood, pixel by pixel?

Fuses train, validation and test, trains a segmentation network on the fused training images, keeps the epoch that is
best on validation, evaluates it once on test, and writes the report. Without --dataset it draws the synthetic
laboratory, and network, epochs, crop and learning rate have defaults that suit two CPU cores. Cells run in parallel;
finished ones are kept, and the same command resumes after an interruption."""


@dataclass(frozen=True, kw_only=True)
class SegmentCommand(TaskCommand):
    """Segmentation of fused images."""

    settings: Annotated[SegmentationSettings, Argument(group=True)] = field(default_factory=SegmentationSettings)
    seeds: tuple[int, ...] = (0,)
    """One training of the network each (on the laboratory 0, 1 and 2)."""
    preset: Annotated[str, Argument(metavar="NAME")] = ""
    """A published protocol: diffif-fmb, sage-fmb, textdifuse-mfnet. Other options change it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    return run_task_command("segment", SegmentCommand, argv, description=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
