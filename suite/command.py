"""How every command of the suite starts and ends.

A command is a function of one settings dataclass that returns an exit status. Here the words of the command line become
those settings, and whatever the function raises becomes an exit status: expected errors as one block, never status 0.
"""

from __future__ import annotations

import os
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from suite.environment import refuse_other_datasets
from suite.errors import BenchError, UnknownName, UsageError, WorkdirError

OURS = ("suite", "datasets", "diffif", "downstream", "reports")
WHOLE_SUITE = "which is not installed. Install the whole suite: pip install diffif-bench, without --no-deps."
NO_SPACE_LEFT = 28
FAILED_STATUS = 1
USAGE_STATUS = 2
INTERRUPTED_STATUS = 130
CLOSED_PIPE_STATUS = 141
"""What a shell reports for a program that its reader left, 128 + SIGPIPE."""


def run_command(body: Callable[[], int], *, debug: bool = False) -> int:
    """Run the body of a command and turn what it raises into an exit status.

    Args:
        body: Does the work and returns the exit status.
        debug: Show the traceback of expected errors too.

    Returns:
        The body's status; 1 after an expected error, 2 after a command line that cannot be understood, 130 after
        Ctrl-C, 141 if nobody reads the output any more.
    """
    try:
        refuse_other_datasets()
        status = body()
        sys.stdout.flush()
    except BenchError as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return USAGE_STATUS if isinstance(error, UsageError) else FAILED_STATUS
    except ModuleNotFoundError as error:
        # Installed without its dependencies, for the metrics and the fusers alone: docs/deployment.md.
        top = (error.name or "").partition(".")[0]
        if debug or top in ("", *OURS):
            raise
        print(f"error: this command needs the Python package {top!r}, {WHOLE_SUITE}", file=sys.stderr)
        return FAILED_STATUS
    except BrokenPipeError:
        # The interpreter flushes once more at its end and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE_STATUS
    except OSError as error:
        if debug or error.errno != NO_SPACE_LEFT:
            raise
        where = f" while writing {error.filename}" if error.filename else ""
        remedy = "Free some space, or pass another --workdir or --out; finished work is kept."
        print(f"error: {WorkdirError(f'no space left on the disk{where}. {remedy}')}", file=sys.stderr)
        return FAILED_STATUS
    except KeyboardInterrupt:
        print("interrupted: finished work is kept; the same command resumes.", file=sys.stderr)
        return INTERRUPTED_STATUS
    return status


def run_settings(run: Callable[[Any], int], argv: Sequence[str] | None, *, prog: str, description: str) -> int:
    """Run a command from its command line.

    Args:
        run: The command: takes its settings, returns the exit status. The annotation names the settings class.
        argv: The words after the command's name; None: those that the process was started with.
        prog: How the command is called.
        description: Shown by --help above the options.
    """
    words = given_words(argv)
    return run_command(lambda: _run(run, words, prog, description), debug="--debug" in words)


def run_subcommand(modules: Mapping[str, str], argv: Sequence[str] | None, *, prog: str, description: str) -> int:
    """Run one of several commands; only the module of the chosen one is imported.

    Args:
        modules: Command name to the module that holds its `run`; the module's docstring is its help.
        argv: The command's name and its words; None: those that the process was started with.
        prog: How the family is called.
        description: Shown by --help above the commands.
    """
    words = given_words(argv)
    name = words[0] if words else "--help"
    if name in ("-h", "--help"):
        return run_command(lambda: _print_commands(modules, prog, description, asked=bool(words)))
    if name not in modules:
        return run_command(lambda: _refuse(name, modules, prog))

    def body() -> int:
        module = import_module(modules[name])
        return _run(module.run, words[1:], f"{prog} {name}", module.__doc__ or "")

    return run_command(body, debug="--debug" in words)


def given_words(argv: Sequence[str] | None) -> Sequence[str]:
    """The words of a command line; those that the process was started with where none are given."""
    return sys.argv[1:] if argv is None else argv


def settings_class(run: Callable[[Any], int]) -> type:
    """The dataclass that a command takes."""
    hints = typing.get_type_hints(run)
    hints.pop("return", None)
    (found,) = hints.values()
    assert isinstance(found, type)
    return found


def _run(run: Callable[[Any], int], argv: Sequence[str], prog: str, description: str) -> int:
    from suite.command_line import parse_settings

    return run(parse_settings(settings_class(run), argv, prog=prog, description=description))


def _print_commands(modules: Mapping[str, str], prog: str, description: str, *, asked: bool) -> int:
    widest = max(map(len, modules))
    lines = [f"usage: {prog} COMMAND ...", "", description.strip(), "", "commands:"]
    for name, module in modules.items():
        summary = (import_module(module).__doc__ or "").strip().splitlines()[0].rstrip(".")
        lines.append(f"  {name:<{widest}}  {summary}")
    lines += ["", f"Options and examples of one: {prog} COMMAND --help"]
    print("\n".join(lines), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else USAGE_STATUS


def _refuse(name: str, modules: Mapping[str, str], prog: str) -> int:
    print(f"error: {UnknownName('command', name, known=modules, hint=f'See {prog} --help.')}", file=sys.stderr)
    return USAGE_STATUS
