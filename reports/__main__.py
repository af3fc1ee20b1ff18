"""Build one self-contained HTML report, and its tables as CSV and LaTeX, from a working folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.command import run_settings
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is never 0 on failure."""
    words = sys.argv[1:] if argv is None else argv
    return run_settings(run, words, prog="python -m reports", description=__doc__)


def run(settings: ReportSettings) -> int:
    """Build the report and print where it is."""
    from reports.page import build_report

    built = build_report(settings.workdir, out=settings.out, diff=settings.diff)
    print(f"report  {built.page}  ({built.size_bytes / 1e6:.1f} MB)")
    print(f"tables  {built.page.parent / 'tables'}  ({len(built.tables)} files, CSV and LaTeX)")
    if built.changes:
        print(f"diff    {built.changes}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
