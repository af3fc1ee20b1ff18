"""What a fuser costs: parameters, operations, time and memory per image, at several sizes.

python -m downstream.cost --fuser diffif --fuser average --sizes 480x640 960x1440
python -m downstream.cost --fusers all --sizes 480x640,960x1440
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from downstream.command import TaskCommand, run_task_command
from downstream.cost.settings import CostSettings
from suite.options import Argument

DESCRIPTION = """What does each fuser cost?

Parameters, floating-point operations (torch's own counter), milliseconds per image (median after warm-up,
synchronised) and peak memory, each measured alone, in a process of its own, on random images. Running out of memory is
a result, not a crash. Times are those of this machine: they are recorded with its name and are never mixed with
another's."""


@dataclass(frozen=True, kw_only=True)
class CostCommand(TaskCommand):
    """What a fuser costs."""

    settings: Annotated[CostSettings, Argument(group=True)] = field(default_factory=CostSettings)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    return run_task_command("cost", CostCommand, argv, description=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
