"""The table of all fusers in docs/results.md: image metrics, size and time, printed from records.

python -m downstream.quality --fusers all --dataset msrs --root MSRS --workdir runs/msrs
python -m downstream.cost --fusers all --sizes 480x640 --threads 1 --workdir runs/msrs
python -m benchmarks.fuser_table runs/msrs --dataset msrs --size 480x640
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from reports.boards import Board, build_boards
from reports.collect import collect
from suite.command import run_settings
from suite.errors import ResultError
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class TableOf:
    """Whose records to print."""

    workdir: Annotated[Path, Argument(positional=True)]
    """Working folder with the records of `quality` and `cost`."""
    dataset: str = "msrs"
    """Its name in results."""
    metrics: tuple[str, ...] = ("mi", "scd", "vif", "qabf", "ssim")
    """The columns."""
    size: str = "480x640"
    """Image size whose times are shown."""


def print_table(settings: TableOf) -> int:
    """Print the table, best mean rank first; returns the exit status.

    Raises:
        ResultError: no image metrics on the dataset.
    """
    boards = build_boards(collect(settings.workdir))
    quality = [b for b in boards if (b.context.task, b.context.dataset) == ("quality", settings.dataset)]
    if not quality:
        raise ResultError(f"{settings.workdir} holds no image metrics on {settings.dataset}.")
    cost = next((b for b in boards if b.context.task == "cost"), None)
    for board in quality:
        print(f"\n{board.context.title}\n")
        print("\n".join(table_lines(board, cost, settings.metrics, settings.size)))
    return 0


def table_lines(quality: Board, cost: Board | None, metrics: Sequence[str], size: str) -> Iterator[str]:
    """One line per fuser; bold where no test tells it from the best of the column."""
    heads = ["fuser", "year", *(quality.labels[metric].text for metric in metrics), "mean rank", "parameters", "ms"]
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for method in sorted(quality.present, key=lambda m: quality.mean_ranks.get(m, float("inf"))):
        scores = [_score(quality, method, metric) for metric in metrics]
        rank = f"{quality.mean_ranks[method]:.1f}" if method in quality.mean_ranks else "-"
        parameters, time = (_cost(cost, method, key) for key in ("parameters", f"ms/{size}"))
        yield f"| {' | '.join([method, year_of(method), *scores, rank, parameters, time])} |"


def year_of(method: str) -> str:
    """The year of the paper behind a method's name, with or without settings after an @; "-" where none is known."""
    from diffif.fusers.listing import describe
    from diffif.fusers.registry import FUSERS

    name = method.partition("@")[0]
    year = describe(name).year if name in FUSERS else None
    return "-" if year is None else str(year)


def _score(board: Board, method: str, metric: str) -> str:
    score = board.scores.get((method, metric))
    if score is None or not math.isfinite(score.value):
        return "-"
    text, best = f"{score.value:.3f}", board.ordered(metric)[:1]
    return f"**{text}**" if method in best or board.ties_best(method, metric) else text


def _cost(cost: Board | None, method: str, key: str) -> str:
    score = None if cost is None else cost.scores.get((method, key))
    return "-" if score is None else f"{score.value:,.0f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    return run_settings(print_table, argv, prog="python -m benchmarks.fuser_table", description=__doc__)


if __name__ == "__main__":
    sys.exit(main())
