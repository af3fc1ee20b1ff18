"""How every command of the suite starts and ends: expected errors as one block, never exit status 0 on failure."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from suite.errors import BenchError, WorkdirError

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser

NO_SPACE_LEFT = 28
INTERRUPTED_STATUS = 130


def run_command(body: Callable[[], int], *, debug: bool = False) -> int:
    """Run the body of a command and turn what it raises into an exit status.

    Args:
        body: Does the work and returns the exit status.
        debug: Show the traceback of expected errors too.

    Returns:
        The body's status; 1 after an expected error, 130 after Ctrl-C.
    """
    try:
        return body()
    except BenchError as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if debug or error.errno != NO_SPACE_LEFT:
            raise
        remedy = "Free some space, or pass another --workdir; finished work is kept."
        print(
            f"error: {WorkdirError(f'no space left on the disk while writing {error.filename}. {remedy}')}",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("interrupted: what was finished is kept; the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED_STATUS


def new_parser(description: str | None, *, prog: str | None = None) -> ArgumentParser:
    """A command-line parser that shows `description` as it was written, examples and line breaks included.

    Defaults are added to the help of options whose text does not name theirs.
    """
    from argparse import Action, RawDescriptionHelpFormatter

    from jsonargparse import ArgumentParser, DefaultHelpFormatter

    class _Formatter(DefaultHelpFormatter, RawDescriptionHelpFormatter):
        """Keeps the line breaks of the description, and says each default once."""

        def _get_help_string(self, action: Action) -> str:
            text = action.help or ""
            plain = action.default in (None, False, "", "==SUPPRESS==") or action.default == []
            return text if plain or "default" in text else f"{text} (default: %(default)s)"

    return ArgumentParser(prog=prog, description=description, formatter_class=_Formatter)
