"""Write a clean copy of a dataset in its own layout, with split lists; a second run writes only what is missing.

Files are hard links where possible, so they cost no space; do not edit them in place. --copy copies every file.

Examples:
  python -m datasets prepare m3fd --root data/M3FD --out data/m3fd_clean --skip-invalid
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.registry import get_layout

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="dataset, see `python -m datasets list`")
    parser.add_argument("--root", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--task", default=None, help="labels to copy: detect, segment or quality (none); default: all")
    parser.add_argument("--skip-invalid", action="store_true", help="leave pairs with problems out instead of refusing")
    parser.add_argument("--copy", action="store_true", help="copy files instead of linking them")
    parser.add_argument("--workers", type=int, default=2, help="threads that read images")


def run(arguments: Namespace) -> int:
    """Check, write, and say what was written and left out."""
    from datasets.commands.check import check_with_progress, choose_tasks
    from datasets.prepare import prepare_dataset
    from suite.errors import list_offenders
    from suite.progress import track

    layout = get_layout(arguments.name)(arguments.root)
    reports = [
        check_with_progress(layout, task, subset=True, workers=arguments.workers)
        for task in choose_tasks(layout, arguments.task)
    ]

    def watch(files: Iterable[Path], total: int) -> Iterable[Path]:
        return track(files, total, f"Writing {arguments.out}")

    prepared = prepare_dataset(
        layout, reports, arguments.out, skip_invalid=arguments.skip_invalid, copy=arguments.copy, progress=watch
    )
    problems = dict.fromkeys(problem for report in reports for problem in report.problems)
    if problems:
        print(f"left out, or good to know:\n{list_offenders([str(problem) for problem in problems])}")
    pairs = ", ".join(f"{split} {number}" for split, number in prepared.num_pairs.items())
    print(f"{prepared.out}: {pairs} pairs; {prepared.num_written} files written, {prepared.num_skipped} pairs left out")
    return 0
