"""The tables of docs/results.md, printed from the records of `benchmarks.labelled_pairs`.

python -m benchmarks.labelled_pairs_tables runs/labelled --dataset flir-road
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from reports.boards import Board, build_boards
from reports.collect import collect
from reports.labels import show_p
from reports.relations import correlations, show_rho
from suite.command import run_settings
from suite.errors import ResultError
from suite.options import Argument

PARTS = ("map50", "map50_95", "map50/subset:day", "map50/subset:night")
REFERENCE = "infrared"


@dataclass(frozen=True, kw_only=True)
class TablesOf:
    """Whose records to print."""

    workdir: Annotated[Path, Argument(positional=True)]
    """Working folder of the study."""
    dataset: str = "flir-road"
    """Its name in results."""


def print_tables(settings: TablesOf) -> int:
    """Print one table per protocol, then the rank correlations of image metrics; returns the exit status.

    Raises:
        ResultError: no detection record on the dataset.
    """
    boards = [b for b in build_boards(collect(settings.workdir)) if b.context.dataset == settings.dataset]
    detected = [b for b in boards if b.context.task == "detect"]
    if not detected:
        raise ResultError(f"{settings.workdir} holds no detection on {settings.dataset}.")
    for board in detected:
        print(f"\n{board.context.title}\n")
        print("\n".join(protocol_lines(board)))
    for quality in (b for b in boards if b.context.task == "quality"):
        for board in detected:
            print(f"\nrank correlation with mAP50, {board.context.title}\n")
            print("\n".join(correlation_lines(quality, board)))
    return 0


def protocol_lines(board: Board) -> Iterator[str]:
    """Scores in percent with intervals, best first; marked where a test tells them from infrared alone."""
    yield "| fuser | trainings | mAP50 | mAP50-95 | mAP50 by day | mAP50 by night |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for method in board.ordered(board.ranking or ""):
        seeds = len(board.scores[method, PARTS[0]].seeds)
        cells = [_score(board, method, metric) for metric in PARTS]
        yield f"| {method} | {seeds or '-'} | {' | '.join(cells)} |"


def _score(board: Board, method: str, metric: str) -> str:
    score, tests = board.scores.get((method, metric)), board.tests.get(metric)
    if score is None:
        return "-"
    mark = ""
    if tests is not None and method != REFERENCE and REFERENCE in tests.methods and tests.tested(method, REFERENCE):
        mark = " ▲" if tests.better(method, REFERENCE) else " ▼" if tests.better(REFERENCE, method) else ""
    return f"{100 * score.value:.1f} [{100 * score.low:.1f}, {100 * score.high:.1f}]{mark}"


def correlation_lines(quality: Board, board: Board) -> Iterator[str]:
    """Spearman's rho of every image metric over the fusers, highest first."""
    yield "| metric | rho, 95 % interval | p, Holm | fusers |"
    yield "| --- | --- | --- | --- |"
    for metric, rho, p, count in correlations(quality, board):
        yield f"| {quality.labels[metric].text} | {show_rho(rho, count)} | {show_p(p)} | {count} |"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    return run_settings(print_tables, argv, prog="python -m benchmarks.labelled_pairs_tables", description=__doc__)


if __name__ == "__main__":
    sys.exit(main())
