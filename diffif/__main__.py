"""`python -m diffif`: fuse images, train Diff-IF, search its prior, list fusers, look into checkpoints."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from suite.command import new_parser, run_command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

COMMANDS = {
    "fuse": "fuse images or folders of images",
    "train": "train Diff-IF, or go on with a run",
    "search": "build the fusion knowledge prior by targeted search",
    "list": "list the fusers: kind, paper, parameters, weights",
    "info": "show what a checkpoint says about itself",
    "distill": "distil a trained Diff-IF into one step",
    "import-weights": "convert published weights once",
}


def build_parser() -> ArgumentParser:
    """The whole command line."""
    parser = new_parser(__doc__, prog="python -m diffif")
    subcommands = parser.add_subcommands(dest="command")
    for name, summary in COMMANDS.items():
        module = import_module(f"diffif.commands.{name.replace('-', '_')}")
        subparser = new_parser(module.__doc__)
        module.add_arguments(subparser)
        subparser.add_argument("--debug", action="store_true", help="show tracebacks of expected errors")
        subcommands.add_subcommand(name, subparser, help=summary)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit status is never 0 on failure."""
    chosen = build_parser().parse_args(list(sys.argv[1:] if argv is None else argv))
    arguments = chosen[chosen.command]
    module = import_module(f"diffif.commands.{chosen.command.replace('-', '_')}")
    return run_command(lambda: int(module.run(arguments)), debug=arguments.debug)


if __name__ == "__main__":
    sys.exit(main())
