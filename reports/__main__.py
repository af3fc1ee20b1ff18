"""python -m reports WORKDIR | leaderboard RESULTS | submit WORKDIR | verify FOLDER | eval-results WORKDIR."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

import reports.commands.report
from suite.command import run_settings, run_subcommand

COMMANDS = {
    "leaderboard": "reports.commands.leaderboard",
    "submit": "reports.commands.submit",
    "verify": "reports.commands.verify",
    "eval-results": "reports.commands.eval_results",
}
run = reports.commands.report.run
"""What runs without the name of a command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status is never 0 on failure. A working folder called like a command: ./submit."""
    words = sys.argv[1:] if argv is None else argv
    if words and (words[0] in COMMANDS or _looks_like_a_command(words[0])):
        return run_subcommand(COMMANDS, words, prog="python -m reports", description=__doc__ or "")
    return run_settings(run, words, prog="python -m reports", description=reports.commands.report.__doc__ or "")


def _looks_like_a_command(word: str) -> bool:
    return not Path(word).exists() and bool(difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.7))


if __name__ == "__main__":
    sys.exit(main())
