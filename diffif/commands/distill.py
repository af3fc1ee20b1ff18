"""Distil a trained Diff-IF into a student that fuses in one step, or go on with an interrupted run.

The student has the teacher's networks and starts from its weights; no prior is needed. The result is a checkpoint like
any other, whose default is one step.

Example:
  python -m diffif distill --teacher runs/ivf/best.safetensors --dataset msrs --root MSRS --out runs/student
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from diffif.commands.train import add_run_arguments, train_with_progress

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--teacher", type=Path, required=True, help="checkpoint of the trained model")
    parser.add_argument("--teacher-steps", type=int, default=4, help="denoising steps that one step shall replace")
    add_run_arguments(parser, recipe="distill")


def run(arguments: Namespace) -> int:
    """Distil to the end and print where the checkpoint is."""
    overrides = {"teacher": {"checkpoint": str(arguments.teacher), "num_steps": arguments.teacher_steps}}
    return train_with_progress(arguments, overrides, prior=None)
