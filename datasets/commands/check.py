"""Open every file of a dataset and report what is wrong; exit status 1 if anything is.

Checked are the counts of the official release, pairs by name, equal sizes, readability, file format, labels that parse,
boxes inside the image, known classes, masks with ids instead of colours, images without label and labels without image.
Remarks, which stop nothing, name what explains odd scores later: constant or identical images, false colours, pairs
that look unregistered.

Examples:
  python -m datasets check llvip --root data/LLVIP --workers 8
  python -m datasets check llvip --root data/llvip_part --subset
  python -m datasets check folder --root data/own --visible '*_rgb' --infrared '*_th' --resize infrared
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from datasets.base import Labels
from datasets.reading import PLAIN, PairOptions
from datasets.registry import open_layout
from suite.errors import SettingsError
from suite.options import Argument

if TYPE_CHECKING:
    from datasets.checks import CheckReport, Findings
    from datasets.layout import Layout
    from datasets.layouts.survey import SurveyedLayout
    from datasets.problems import Problem, Remark


@dataclass(frozen=True, kw_only=True)
class DatasetChoice:
    """A dataset on disk, and how it is read."""

    name: Annotated[str, Argument(positional=True)]
    """Dataset, see `python -m datasets list`."""
    root: Annotated[Path, Argument(metavar="DIR")]
    """Folder of the dataset."""
    task: Labels | None = None
    """Labels to read: boxes, masks or none (quality); without it every kind that the dataset has."""
    workers: int = 2
    """Threads that read images."""
    pairs: Annotated[PairOptions, Argument(group=True)] = PLAIN
    """How the files become pairs."""

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise SettingsError(f"--workers must be at least 1, got {self.workers}")


@dataclass(frozen=True, kw_only=True)
class CheckSettings(DatasetChoice):
    """What to check."""

    subset: bool = False
    """The folder holds a part of the release: other counts and absent splits are no problem."""


def run(settings: CheckSettings) -> int:
    """Check, print the tables, and say by the exit status whether all is well."""
    layout = open_layout(settings.name, settings.root, settings.pairs)
    reports = [
        check_with_progress(layout, task, subset=settings.subset, workers=settings.workers)
        for task in choose_tasks(layout, settings.task)
    ]
    for report in reports:
        print_report(report, layout)
    return 1 if any(report.problems for report in reports) else 0


def choose_tasks(layout: Layout, task: Labels | None) -> list[Labels]:
    """The named task, or every task that brings labels, or "quality" where none does.

    Raises:
        SettingsError: the dataset has no labels for that task.
    """
    if task is None:
        return [t for t in layout.tasks_here() if t != "quality"] or ["quality"]
    if task in layout.tasks:
        return [task]
    raise SettingsError(f"{layout.name} has no labels for the task {task!r}; it serves: {', '.join(layout.tasks)}.")


def check_with_progress(layout: SurveyedLayout, task: Labels, *, subset: bool, workers: int) -> CheckReport:
    """`check_dataset` under a progress bar on standard error."""
    from datasets.checks import check_dataset
    from suite.progress import track

    def watch(results: Iterable[Findings], total: int) -> Iterable[Findings]:
        return track(results, total, f"Checking {layout.name}")

    return check_dataset(layout, task, subset=subset, workers=workers, progress=watch)


def print_report(report: CheckReport, layout: Layout) -> None:
    """Problems and remarks by kind with up to ten offenders and what to do, then the table."""
    from rich.table import Table

    from datasets.problems import ADVICE, USABLE, remedy
    from suite.console import print_table

    _print_by_kind("", report.problems, {problem.kind: remedy(problem.kind) for problem in report.problems})
    _print_by_kind("remark: ", report.remarks, {remark.kind: ADVICE[remark.kind] for remark in report.remarks})
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
    print_table(table)
    print(f"{len(report.problems)} problem{'s'[: len(report.problems) != 1]}" if report.problems else "no problem")
    if any(problem.kind not in USABLE for problem in report.problems):
        command = f"python -m datasets prepare {layout.place} --out OUT --skip-invalid"
        print(f"A clean copy without those pairs: {command}")


def _print_by_kind(title: str, findings: Sequence[Problem | Remark], advice: Mapping[str, str]) -> None:
    from suite.errors import list_offenders

    by_kind: dict[str, list[str]] = defaultdict(list)
    for one in findings:
        by_kind[one.kind].append(str(one))
    for kind, offenders in by_kind.items():
        print(f"{title}{kind}: {len(offenders)}\n{list_offenders(offenders)}\n  -> {advice[kind]}")
