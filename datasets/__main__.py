"""`python -m datasets`: list the datasets, check one on disk, prepare a clean copy, draw the synthetic laboratory."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from suite.command import new_parser, run_command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

COMMANDS = {
    "list": "list the datasets, or show one's layout, licence and paper",
    "check": "open every file of a dataset and report what is wrong",
    "prepare": "write a clean copy with its splits",
    "sample": "draw a synthetic dataset",
}


def build_parser() -> ArgumentParser:
    """The whole command line."""
    parser = new_parser(__doc__, prog="python -m datasets")
    subcommands = parser.add_subcommands(dest="command")
    for name, summary in COMMANDS.items():
        module = import_module(f"datasets.commands.{name}")
        subparser = new_parser(module.__doc__)
        module.add_arguments(subparser)
        subparser.add_argument("--debug", action="store_true", help="show tracebacks of expected errors")
        subcommands.add_subcommand(name, subparser, help=summary)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit status is never 0 on failure."""
    chosen = build_parser().parse_args(list(sys.argv[1:] if argv is None else argv))
    arguments = chosen[chosen.command]
    module = import_module(f"datasets.commands.{chosen.command}")
    return run_command(lambda: int(module.run(arguments)), debug=arguments.debug)


if __name__ == "__main__":
    sys.exit(main())
