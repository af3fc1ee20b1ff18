"""Detection on fused images: fuse, train a detector, evaluate once on test, record, report.

python -m downstream.detect --fuser diffif --fuser average --dataset llvip --root DIR --model yolov8n.pt
python -m downstream.detect --fuser diffif                    the synthetic laboratory
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from downstream.command import TaskCommand, run_task_command
from downstream.detect.settings import DetectionSettings
from suite.options import Argument

DESCRIPTION = """How well does a detector see in the fused images?

Fuses train, validation and test, trains a detector on the fused training images, keeps the epoch that is best on
validation, evaluates it once on test, and writes the report. Without --dataset it draws the synthetic laboratory, and
network, epochs, image size and batch have smaller defaults that suit two CPU cores. Cells run in parallel; finished
ones are kept, and the same command resumes after an interruption.

Examples:
  python -m downstream.detect --fuser diffif
  python -m downstream.detect --fuser visible infrared average diffif --seeds 0 1 2
  python -m downstream.detect --fuser diffif --dataset llvip --root LLVIP --model yolov8n.pt --device cuda
  python -m downstream.detect --fuser diffif --fuser folder:THEIR_IMAGES --dataset llvip --root LLVIP \\
      --protocol frozen --frozen-on average"""


@dataclass(frozen=True, kw_only=True)
class DetectCommand(TaskCommand):
    """Detection on fused images."""

    settings: Annotated[DetectionSettings, Argument(group=True)] = field(default_factory=DetectionSettings)
    seeds: tuple[int, ...] = (0,)
    """One training of the detector each (on the laboratory 0, 1 and 2)."""
    preset: Annotated[str, Argument(metavar="NAME")] = ""
    """A published protocol: dcevo-m3fd, diffif-llvip, frozen-coco. Other options change it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    return run_task_command("detect", DetectCommand, argv, description=DESCRIPTION)


if __name__ == "__main__":
    sys.exit(main())
