"""What a text of a submission may hold. Everything else is refused, since strangers write it and browsers, spreadsheets
and file systems read it.

The page escapes every text again; the rules here make sure that nothing depends on that alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reports.submissions.refusal import refusal
from suite.spreadsheet import FORMULA

LONGEST_TEXT = 2000
LONGEST_NAME = 60
COMMAND = (*FORMULA, "|", "%")
"""First characters that a spreadsheet computes or runs."""
MARKUP = re.compile(r"<\s*[A-Za-z/!?]|&#|&[A-Za-z]+;|javascript:|data:text", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+()/-]*")
WEB_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?(/[\w./~%+:@,;=?&#-]*)?", re.ASCII)
PLACE = re.compile(r"[^\\:*?\"<>|]+")
"""Characters that a relative path may hold on any file system."""
ABSOLUTE = re.compile(r"(^|[\s=:'\"])(/(home|root|Users|mnt|data|tmp|work|media|var|opt|srv)/\S+|[A-Za-z]:\\\S+|~/\S+)")
SAY_IT_PLAINLY = "Write it as plain text."


def check_text(file: str, what: str, text: str) -> None:
    """Refuse markup, formulas, control characters and walls of text.

    Args:
        file: Where it stands, for the message.
        what: The field's name.
        text: What the submitter wrote.

    Raises:
        ResultError: it could be run or rendered, or holds a path of somebody's machine.
    """
    if len(text) > LONGEST_TEXT:
        raise refusal(
            file, what, expected=f"at most {LONGEST_TEXT} characters", found=f"{len(text)}", remedy="Shorten it."
        )
    if found := MARKUP.search(text):
        raise refusal(file, what, expected="plain text", found=f"markup {found[0]!r}", remedy=SAY_IT_PLAINLY)
    if text.startswith(COMMAND) and not NUMBER.fullmatch(text):
        raise refusal(
            file, what, expected="plain text", found=f"a formula for a spreadsheet {text[:20]!r}", remedy=SAY_IT_PLAINLY
        )
    if not all(c.isprintable() for c in text):
        raise refusal(file, what, expected="printable characters", found=repr(text[:40]), remedy=SAY_IT_PLAINLY)
    if found := ABSOLUTE.search(text):
        remedy = "Name the file without the folders of your machine."
        raise refusal(file, what, expected="no path of a machine", found=found[2], remedy=remedy)


def check_name(file: str, what: str, text: str) -> None:
    """Refuse a name that is not short and plain.

    Raises:
        ResultError: other characters than letters, digits, space and . _ + ( ) / -, or too many.
    """
    check_text(file, what, text)
    if not NAME.fullmatch(text) or len(text) > LONGEST_NAME or text != text.strip():
        expected = f"1 to {LONGEST_NAME} letters, digits, spaces or any of . _ + ( ) / -"
        raise refusal(file, what, expected=expected, found=repr(text[:LONGEST_NAME]), remedy="Choose a plainer name.")


def check_place(file: str, what: str, text: str) -> None:
    """Refuse the id of an image that would lead out of its folder, or that not every file system can hold.

    Raises:
        ResultError: an absolute path, "..", a backslash, a drive letter, an empty part.
    """
    parts = text.split("/")
    good = (
        PLACE.fullmatch(text) and text.isprintable() and all(p not in ("", ".", "..") and p == p.strip() for p in parts)
    )
    if not good or len(text) > LONGEST_TEXT:
        remedy = "Ids are relative paths without suffix."
        raise refusal(file, what, expected="a path inside the folder", found=repr(text[:80]), remedy=remedy)


def check_all_texts(file: str, content: object) -> None:
    """Apply `check_text` to every key and text of plain data, at any depth.

    Raises:
        ResultError: see `check_text`; names the first by its dotted key.
    """
    for where, text in _texts(content, ""):
        check_text(file, where or "content", text)


def is_web_address(text: str) -> bool:
    """Whether a whole text is an https address that the page may link."""
    return bool(WEB_ADDRESS.fullmatch(text))


def _texts(content: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(content, str):
        yield where, content
    elif isinstance(content, Mapping):
        for key, value in content.items():
            inner = f"{where}.{key}" if where else str(key)
            yield f"key {inner}", str(key)
            yield from _texts(value, inner)
    elif isinstance(content, list | tuple):
        items: list[Any] = list(content)
        for place, value in enumerate(items):
            yield from _texts(value, f"{where}[{place}]")
