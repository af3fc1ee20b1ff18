"""Open every file of a dataset and report what is wrong; exit status 1 if anything is.

Checked are the counts of the official release, pairs by name, equal sizes, readability, file format, labels that parse,
boxes inside the image, known classes, masks with ids instead of colours, images without label and labels without image.

Examples:
  python -m datasets check llvip --root data/LLVIP --workers 8
  python -m datasets check llvip --root data/llvip_part --subset
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.registry import get_layout

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

    from datasets.base import Layout, Task
    from datasets.checks import CheckReport
    from datasets.layouts.survey import SurveyedLayout
    from datasets.problems import Problem


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="dataset, see `python -m datasets list`")
    parser.add_argument("--root", type=Path, required=True, help="folder of the dataset")
    parser.add_argument("--task", default=None, help="labels to check: detect, segment or quality (none); default: all")
    parser.add_argument("--subset", action="store_true", help="a part of the release: counts and absent splits pass")
    parser.add_argument("--workers", type=int, default=2, help="threads that read images")


def run(arguments: Namespace) -> int:
    """Check, print the tables, and say by the exit status whether all is well."""
    layout = get_layout(arguments.name)(arguments.root)
    reports = [
        check_with_progress(layout, task, subset=arguments.subset, workers=arguments.workers)
        for task in choose_tasks(layout, arguments.task)
    ]
    for report in reports:
        print_report(report, layout)
    return 1 if any(report.problems for report in reports) else 0


def choose_tasks(layout: Layout, task: str | None) -> list[Task]:
    """The named task, or every task that brings labels, or "quality" where none does.

    Raises:
        SettingsError: the dataset has no labels for that task.
    """
    from suite.errors import SettingsError

    if task is None:
        return [t for t in layout.tasks if t != "quality"] or ["quality"]
    for known in layout.tasks:
        if known == task:
            return [known]
    raise SettingsError(f"{layout.name} has no labels for the task {task!r}; it serves: {', '.join(layout.tasks)}.")


def check_with_progress(layout: SurveyedLayout, task: Task, *, subset: bool, workers: int) -> CheckReport:
    """`check_dataset` under a progress bar on standard error.

    Raises:
        SettingsError: not one worker at least.
    """
    from datasets.checks import check_dataset
    from suite.errors import SettingsError
    from suite.progress import track

    if workers < 1:
        raise SettingsError(f"--workers must be at least 1, got {workers}")

    def watch(results: Iterable[list[Problem]], total: int) -> Iterable[list[Problem]]:
        return track(results, total, f"Checking {layout.name}")

    return check_dataset(layout, task, subset=subset, workers=workers, progress=watch)


def print_report(report: CheckReport, layout: Layout) -> None:
    """The problems by kind with up to ten offenders and the remedy, then the table."""
    from rich.console import Console
    from rich.table import Table

    from datasets.checks import USABLE
    from datasets.problems import REMEDIES
    from suite.errors import list_offenders

    by_kind: dict[str, list[Problem]] = defaultdict(list)
    for problem in report.problems:
        by_kind[problem.kind].append(problem)
    for kind, problems in by_kind.items():
        print(f"{kind}: {len(problems)}")
        print(list_offenders([str(problem) for problem in problems]))
        print(f"  -> {REMEDIES[problems[0].kind]}")
    for name, fact in report.facts.items():
        print(f"{name}: {fact}")
    table = Table(title=f"{report.dataset}, labels for {report.task}")
    labels = {"detect": "boxes", "segment": "masks", "quality": "labels"}[report.task]
    for column in ("splits", "pairs", "official", labels, "problems"):
        table.add_column(column, justify="left" if column == "splits" else "right")
    for part in report.parts:
        official = layout.official_counts.get(part.splits[0], layout.official_counts.get("all"))
        number = "-" if report.task == "quality" else f"{part.num_labels:,}"
        shown = "-" if official is None else f"{official:,}"
        table.add_row(", ".join(part.splits), f"{part.num_pairs:,}", shown, number, f"{len(part.problems):,}")
    Console().print(table)
    print(f"{len(report.problems)} problem{'s'[: len(report.problems) != 1]}" if report.problems else "no problem")
    if any(problem.kind not in USABLE for problem in report.problems):
        command = f"python -m datasets prepare {report.dataset} --root {layout.root} --out OUT --skip-invalid"
        print(f"A clean copy without those pairs: {command}")
