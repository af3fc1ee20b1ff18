"""List the datasets, check one on disk, prepare a clean copy, draw the synthetic laboratory and describe it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from suite.command import run_subcommand

COMMANDS = {
    "list": "datasets.commands.list",
    "check": "datasets.commands.check",
    "prepare": "datasets.commands.prepare",
    "sample": "datasets.commands.sample",
    "croissant": "datasets.commands.croissant",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit status is never 0 on failure."""
    return run_subcommand(COMMANDS, argv, prog="python -m datasets", description=__doc__)


if __name__ == "__main__":
    sys.exit(main())
