"""How a submission is refused: which file, what was found, what was expected, and what to do about it."""

from __future__ import annotations

from suite.errors import ResultError

LONGEST_SHOWN = 80
"""Characters of a foreign value that a message repeats."""


def refusal(file: str, what: str, *, expected: object, found: object, remedy: str) -> ResultError:
    """The error for one difference.

    Args:
        file: Path below the submission's folder.
        what: The value or rule in question.
        expected: What would have been accepted.
        found: What is there.
        remedy: What the submitter does about it.
    """
    return ResultError(f"{file}: {what}: expected {shown(expected)}, found {shown(found)}. {remedy}")


def shown(value: object) -> str:
    """A foreign value as one harmless line: control characters escaped, cut where it is long."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} [cut] ({len(text)} characters)"
