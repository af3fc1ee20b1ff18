"""The leaderboard as one offline HTML file, and its tables as CSV and LaTeX; look and macros are the report's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from reports.page import environment, write_tables
from reports.standings.views import Standings, build_standings
from suite.files import write_text


@dataclass(frozen=True)
class BuiltSite:
    """What one build wrote."""

    page: Path
    tables: tuple[Path, ...]
    size_bytes: int
    num_methods: int
    seconds: float


def build_leaderboard(results: Path, out: Path) -> BuiltSite:
    """Read a folder of submissions and write `index.html` and `tables/` into another.

    Args:
        results: One folder per submission, and `quoted/` for tables of others.
        out: The site; what an earlier build left in `tables/` is replaced.

    Raises:
        ResultError: a submission is refused; every one that is, with the reason.
        WorkdirError: `out` cannot be written.
    """
    start = time.perf_counter()
    standings = build_standings(results)
    page = out / "index.html"
    written = write_tables(standings.tables, out / "tables")
    write_text(page, render(standings))
    seconds = time.perf_counter() - start
    return BuiltSite(page, tuple(written), page.stat().st_size, len(standings.methods), seconds)


def render(standings: Standings) -> str:
    """The page as text."""
    return environment().get_template("standings.html.j2").render(views=standings)
