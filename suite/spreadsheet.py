"""Text that a spreadsheet shows as it stands: names of files and methods are not formulas."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters of a cell that a spreadsheet would compute."""


def inert(text: str) -> str:
    """A text as a spreadsheet shows it instead of computing it.

    >>> inert("=cmd()"), inert("max")
    ("'=cmd()", 'max')
    """
    return f"'{text}" if text.startswith(FORMULA) else text
