"""Write a clean copy of a dataset in its own layout, with split lists; a second run writes only what is missing.

Files are hard links where possible, so they cost no space; do not edit them in place. --copy copies every file.

Examples:
  python -m datasets prepare m3fd --root data/M3FD --out data/m3fd_clean --skip-invalid
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from datasets.commands.check import DatasetChoice, check_with_progress, choose_tasks
from datasets.registry import open_layout
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class PrepareSettings(DatasetChoice):
    """What to copy, and where to."""

    out: Annotated[Path, Argument(metavar="DIR")]
    """Folder to write."""
    skip_invalid: bool = False
    """Leave pairs with problems out instead of refusing."""
    copy: bool = False
    """Copy files instead of linking them."""


def run(settings: PrepareSettings) -> int:
    """Check, write, and say what was written and left out."""
    from datasets.prepare import prepare_dataset
    from suite.errors import list_offenders
    from suite.progress import track

    layout = open_layout(settings.name, settings.root, settings.pairs)
    reports = [
        check_with_progress(layout, task, subset=True, workers=settings.workers)
        for task in choose_tasks(layout, settings.task)
    ]

    def watch(files: Iterable[Path], total: int) -> Iterable[Path]:
        return track(files, total, f"Writing {settings.out}")

    prepared = prepare_dataset(
        layout, reports, settings.out, skip_invalid=settings.skip_invalid, copy=settings.copy, progress=watch
    )
    problems = dict.fromkeys(problem for report in reports for problem in report.problems)
    if problems:
        print(f"left out, or good to know:\n{list_offenders([str(problem) for problem in problems])}")
    pairs = ", ".join(f"{split} {number}" for split, number in prepared.num_pairs.items())
    print(f"{prepared.out}: {pairs} pairs; {prepared.num_written} files written, {prepared.num_skipped} pairs left out")
    return 0
