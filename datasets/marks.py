"""The mark by which the names of visible and infrared files differ.

Everyday examples: `_rgb` and `_th`, `VIS` and `IR`, `_RGB` and `_PreviewData`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

VISIBLE_WORDS = frozenset(("rgb", "vis", "vi", "visible", "visual", "color", "colour", "optical", "eo", "vl"))
INFRARED_WORDS = frozenset(
    ("th", "ir", "inf", "infrared", "thermal", "therm", "lwir", "tir", "fir", "mwir", "t", "previewdata")
)
MOST_COMPARED = 400
"""Names of the other modality that one name is compared with, to find where they differ."""
NAMES_TRIED = 3
"""Names that are compared; the first may be the one that lacks its partner."""
SMALLEST_OVERLAP = 0.5
"""Share of the names that must pair for a mark to be believed."""


@dataclass(frozen=True)
class Marks:
    """How the names of the two modalities are built; * stands for what both share."""

    visible: str
    infrared: str
    known: bool
    """Both marks are words of the field, so there is no doubt which is which."""

    @property
    def options(self) -> str:
        """As they are typed after a command."""
        return f"--visible '{self.visible}' --infrared '{self.infrared}'"


def find_marks(visible: Sequence[str], infrared: Sequence[str], *, same_folder: bool) -> Marks | None:
    """The marks that pair the names of two folders, or of one folder that holds both modalities; None without any.

    Args:
        visible: Names without suffix.
        infrared: Likewise; equal to `visible` for one folder.
        same_folder: Both modalities lie in one folder, so every name belongs to exactly one of them.
    """
    here, there = set(visible), set(infrared)
    left = sorted(here if same_folder else here - there)
    right = sorted(there if same_folder else there - here)
    tried: set[tuple[str, str]] = set()
    guesses: list[Marks] = []
    for one in left[:NAMES_TRIED]:
        for other in right[:MOST_COMPARED]:
            for pair in _differences(one, other):
                if pair not in tried and _fits(left, right, pair, same_folder):
                    guesses.append(_orient(pair, same_folder))
                tried.add(pair)
    known = [guess for guess in guesses if guess.known]
    # A single pair of names proves no rule, unless the field's own words are in it.
    several = len(left) > (2 if same_folder else 1)
    return known[0] if known else guesses[0] if guesses and several else None


def _differences(one: str, other: str) -> list[tuple[str, str]]:
    """Pairs of patterns under which two names would be one pair: they differ at the end, at the begin, or inside."""
    if one == other:
        return []
    head, tail = _common_head(one, other), _common_head(one[::-1], other[::-1])
    found = []
    if head:
        found.append((f"*{one[head:]}", f"*{other[head:]}"))
    if tail:
        found.append((f"{one[: len(one) - tail]}*", f"{other[: len(other) - tail]}*"))
    if head and tail and head + tail < min(len(one), len(other)):
        found.append((f"*{one[head : len(one) - tail]}*", f"*{other[head : len(other) - tail]}*"))
    return [pair for pair in found if all(_is_mark(pattern) for pattern in pair)]


def _common_head(one: str, other: str) -> int:
    # Letters that both begin with, cut back so that a mark keeps its separator and words stay whole.
    length = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    at_word = re.match(r".*(?=[_\-. /])", one[:length], re.DOTALL)
    if at_word and at_word[0] and not one[length - 1 : length].isdigit():
        return len(at_word[0])
    return length


def _is_mark(pattern: str) -> bool:
    # Numbers alone are frames, not modalities; an empty mark ('*') is one where only one side is marked.
    mark = pattern.replace("*", "")
    return not mark or any(letter.isalpha() for letter in mark)


def _fits(left: Sequence[str], right: Sequence[str], pair: tuple[str, str], same_folder: bool) -> bool:
    keys = [[_key(name, pattern) for name in names] for names, pattern in zip((left, right), pair, strict=True)]
    if same_folder:
        if "*" in pair or any((a is None) == (b is None) for a, b in zip(*keys, strict=True)):
            return False
        keys = [[key for key in side if key is not None] for side in keys]
    found = [set(side) for side in keys]
    if None in found[0] | found[1] or any(len(set(side)) < len(side) for side in keys):
        return False
    return len(found[0] & found[1]) >= SMALLEST_OVERLAP * len(found[0] | found[1])


def _key(name: str, pattern: str) -> str | None:
    begin, _, end = pattern.partition("*")
    if "*" in end:
        mark = end.rstrip("*")
        return name.replace(mark, "*", 1) if name.count(mark) == 1 else None
    fits = name.startswith(begin) and name.endswith(end) and len(name) > len(begin) + len(end)
    return name[len(begin) : len(name) - len(end)] if fits else None


def _orient(pair: tuple[str, str], same_folder: bool) -> Marks:
    first, second = (_word(pattern) for pattern in pair)
    if same_folder and (first in INFRARED_WORDS or second in VISIBLE_WORDS):
        pair, (first, second) = (pair[1], pair[0]), (second, first)
    known = (first in VISIBLE_WORDS or pair[0] == "*") and (second in INFRARED_WORDS or pair[1] == "*")
    return Marks(*pair, known=known)


def _word(pattern: str) -> str:
    # 'FLIR_RGB_*' ends in the word that counts, '*_rgb' begins with it.
    words = [word for word in re.split(r"[^a-z]+", pattern.replace("*", "").casefold()) if word]
    return next((word for word in words if word in VISIBLE_WORDS | INFRARED_WORDS), words[-1] if words else "")
