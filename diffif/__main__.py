"""Fuse images and videos, train Diff-IF, search its prior, list the fusers, show and export checkpoints."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from suite.command import run_subcommand

COMMANDS = {
    "fuse": "diffif.commands.fuse",
    "train": "diffif.commands.train",
    "search": "diffif.commands.search",
    "list": "diffif.commands.list",
    "info": "diffif.commands.info",
    "distill": "diffif.commands.distill",
    "export": "diffif.commands.export",
    "import-weights": "diffif.commands.import_weights",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit status is never 0 on failure."""
    return run_subcommand(COMMANDS, argv, prog="python -m diffif", description=__doc__)


if __name__ == "__main__":
    sys.exit(main())
