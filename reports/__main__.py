"""`python -m reports WORKDIR`: one offline HTML file from the result records of a working folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from suite.command import run_command


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and build the report; returns the exit status."""
    from jsonargparse import ArgumentParser

    parser = ArgumentParser(
        prog="python -m reports",
        description="Build one self-contained HTML report, and its tables as CSV and LaTeX, from a working folder.",
    )
    parser.add_argument("workdir", type=Path, help="the folder that holds results/")
    parser.add_argument("--out", type=Path, default=None, help="page to write; WORKDIR/report/index.html by default")
    parser.add_argument("--diff", type=Path, default=None, help="another working folder: show what changed since")
    parser.add_argument("--debug", action="store_true", help="show the traceback of expected errors")
    arguments = parser.parse_args(None if argv is None else list(argv))

    def body() -> int:
        from reports.page import build_report

        built = build_report(arguments.workdir, out=arguments.out, diff=arguments.diff)
        print(f"report  {built.page}  ({built.size_bytes / 1e6:.1f} MB)")
        print(f"tables  {built.page.parent / 'tables'}  ({len(built.tables)} files, CSV and LaTeX)")
        if built.changes:
            print(f"diff    {built.changes}")
        return 0

    return run_command(body, debug=arguments.debug)


if __name__ == "__main__":
    sys.exit(main())
