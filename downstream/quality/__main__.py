"""Image quality of fused images: fuse a split, score every image, record, compare.

python -m downstream.quality --fuser diffif --fuser average --dataset msrs --root DIR --convention standard
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from downstream.command import TaskCommand, run_task_command
from downstream.quality.settings import QualitySettings
from suite.options import Argument

DESCRIPTION = """How good are the fused images by the metrics of the field?

Fuses one split, scores every fused image against its two sources, and prints the means; bootstrap 95 % intervals and
p values are in the report and its tables. '*' marks the best mean, '=' what cannot be told apart from it. Values of
single images are kept: another metric, or the same command after an interruption, computes only what is missing."""


@dataclass(frozen=True, kw_only=True)
class QualityCommand(TaskCommand):
    """Image quality of fused images."""

    settings: Annotated[QualitySettings, Argument(group=True)] = field(default_factory=QualitySettings)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    return run_task_command("quality", QualityCommand, argv, description=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
