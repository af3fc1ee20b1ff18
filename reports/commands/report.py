"""Build one self-contained HTML report, and its tables as CSV and LaTeX, from a working folder.

Without the name of a command this one is meant: python -m reports WORKDIR. The others, each with a --help of its own:
  leaderboard RESULTS --out SITE               one page from a folder of submissions
  submit WORKDIR --fuser NAME --out FOLDER     write a submission
  verify FOLDER                                check a submission, and recompute it from its images
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """Which results to report, and where."""

    workdir: Annotated[Path, Argument(positional=True)]
    """The folder that holds cells/."""
    out: Annotated[Path | None, Argument(metavar="FILE")] = None
    """Page to write; without it WORKDIR/report/index.html."""
    diff: Annotated[Path | None, Argument(metavar="WORKDIR")] = None
    """Another working folder: show what changed since."""


def run(settings: ReportSettings) -> int:
    """Build the report and print where it is."""
    from reports.page import build_report

    built = build_report(settings.workdir, out=settings.out, diff=settings.diff)
    print(f"report  {built.page}  ({built.size_bytes / 1e6:.1f} MB)")
    print(f"tables  {built.page.parent / 'tables'}  ({len(built.tables)} files, CSV and LaTeX)")
    if built.changes:
        print(f"diff    {built.changes}")
    return 0
