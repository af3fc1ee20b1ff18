"""Distil a trained Diff-IF into a student that fuses in one step, or resume an interrupted run.

The student has the teacher's networks and starts from its weights; no prior is needed. The result is a checkpoint like
any other, whose default is one step.

Example:
  python -m diffif distill --teacher runs/ivf/best.safetensors --dataset msrs --root MSRS --out runs/student
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from diffif.commands.train import RunSettings, print_result, train_with_progress
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class DistillSettings(RunSettings):
    """Which teacher to distil, on which pairs."""

    recipe: Annotated[str, Argument(metavar="NAME")] = "distill"
    """A recipe that ships, or a YAML file."""
    teacher: Annotated[Path, Argument(metavar="FILE")]
    """Checkpoint of the trained model."""
    teacher_steps: int = 4
    """Denoising steps that one step shall replace."""


def run(settings: DistillSettings) -> int:
    """Distil to the end and print where the checkpoint is."""
    overrides = {"teacher": {"checkpoint": str(settings.teacher), "num_steps": settings.teacher_steps}}
    print_result(train_with_progress(settings, overrides, prior=None))
    return 0
