"""Build the leaderboard: one offline page from a folder of submissions.

Every submission is checked first; one that is refused ends the command with its reason. Beside the submissions, quoted/
may hold published tables of others (csv, xlsx): shown, never ranked. Format and rules: docs/leaderboard.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class LeaderboardSettings:
    """What to show, and where."""

    results: Annotated[Path, Argument(positional=True)]
    """Folder of submissions."""
    out: Annotated[Path, Argument(metavar="SITE")]
    """Folder of the page."""


def run(settings: LeaderboardSettings) -> int:
    """Build the page and print where it is."""
    from reports.standings.page import build_leaderboard

    built = build_leaderboard(settings.results, settings.out)
    facts = f"{built.num_methods} methods, {built.size_bytes / 1e6:.1f} MB, {built.seconds:.1f} s"
    print(f"leaderboard  {built.page}  ({facts})")
    print(f"tables       {built.page.parent / 'tables'}  ({len(built.tables)} files, CSV and LaTeX)")
    return 0
