"""Pairs by file name: equal names in two folders, names that differ by a constant mark, sequences in sub-folders.

Never by sorted position: one missing file would shift every pair after it. A mark is taken by itself only where it is
one of the field's own words and every file fits; otherwise the message prints the option that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.base import IMAGE_SUFFIXES
from datasets.marks import Marks, find_marks
from datasets.problems import Problem
from suite.files import describe_irregular

LONGEST_ID = 240
"""Bytes of an id; with a suffix it must still be a file name."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two files that belong together."""

    id: str
    visible: Path
    infrared: Path
    sequence: str = ""
    """Sub-folder in which both lie; empty where they lie directly in the given folders."""


@dataclass(frozen=True, kw_only=True)
class Matched:
    """The pairs of two folders, what has no counterpart, and how names were read."""

    pairs: tuple[Pair, ...]
    problems: tuple[Problem, ...]
    marks: Marks | None = None
    """The marks by which visible and infrared names differ, where they do."""


def match_pairs(
    visible: Path,
    infrared: Path,
    *,
    patterns: tuple[str, str] | None = None,
    deep: bool = False,
    recognise: bool = False,
    suffixes: Sequence[str] = IMAGE_SUFFIXES,
) -> Matched:
    """The pairs of two existing folders, in order of their ids.

    Args:
        visible: Folder of the visible images.
        infrared: Folder of the infrared images; it may be the same one where the names tell them apart.
        patterns: How visible and infrared names are built, * standing for what both share; with a slash it is the path
            under the folder.
        deep: Look into sub-folders too; an id then begins with theirs.
        recognise: Take the field's own marks (`_rgb` and `_th`, `VIS` and `IR`) by themselves where all files fit.
        suffixes: Endings of image files.
    """
    problems: list[Problem] = []
    deep = deep or any("/" in pattern for pattern in patterns or ())
    names = [_list_names(folder, suffixes, deep, problems) for folder in (visible, infrared)]
    marks = None
    same_folder = visible.resolve() == infrared.resolve()
    if patterns is None and (names[0].keys() != names[1].keys() or same_folder):
        marks = find_marks(list(names[0]), list(names[1]), same_folder=same_folder)
        if marks is not None and recognise and marks.known:
            patterns = (marks.visible, marks.infrared)
    keyed = [
        _by_key(folder, found, pattern, problems)
        for folder, found, pattern in zip((visible, infrared), names, patterns or ("", ""), strict=True)
    ]
    for key in sorted(keyed[0].keys() ^ keyed[1].keys()):
        here, there = (visible, infrared) if key in keyed[0] else (infrared, visible)
        expected = f"the other half of {', '.join(patterns)}" if patterns else "Pairs carry the same file name"
        detail = f"only in {here}, not in {there}. {expected}" + ("" if patterns else " in both folders")
        problems.append(Problem(kind="unpaired image", id=key, detail=detail))
    pairs = [
        Pair(id=key, visible=keyed[0][key], infrared=keyed[1][key], sequence=_sequence(keyed[0][key], visible))
        for key in sorted(keyed[0].keys() & keyed[1].keys())
    ]
    return Matched(pairs=tuple(pairs), problems=tuple(problems), marks=marks)


def list_images(folder: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES, *, deep: bool = False) -> list[Path]:
    """What is called like an image in a folder, sorted; hidden files and folders are left alone."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if deep and path.is_dir() and path.suffix.lower() not in suffixes:
            found += list_images(path, suffixes, deep=True)
        elif path.suffix.lower() in suffixes:
            found.append(path)
    return found


def unusable_name(path: Path) -> str:
    """Why a file's name cannot be an id; empty where it can."""
    name = path.stem
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8; rename it, for example with convmv"
    if length > LONGEST_ID:
        return f"its name has {length} bytes; results are named after it, so {LONGEST_ID} are the most"
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        return "its name holds a control character such as a line break; rename it"
    return ""


def show_name(name: str) -> str:
    """A file name that any terminal can print."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _list_names(folder: Path, suffixes: Sequence[str], deep: bool, problems: list[Problem]) -> dict[str, Path]:
    # Name with sub-folders and without suffix, to file.
    found: dict[str, Path] = {}
    for path in list_images(folder, suffixes, deep=deep):
        name = path.relative_to(folder).with_suffix("").as_posix()
        shown = show_name(str(path))
        if wrong := unusable_name(path):
            problems.append(Problem(kind="file name", id=show_name(name), detail=f"{shown}: {wrong}"))
        elif irregular := describe_irregular(path):
            problems.append(Problem(kind="unreadable image", id=name, detail=f"image {shown} {irregular}"))
        elif name in found:
            detail = f"{found[name].name} and {path.name} in {folder} have one id"
            problems.append(Problem(kind="duplicate id", id=name, detail=detail))
        else:
            found[name] = path
    return found


def _by_key(folder: Path, names: dict[str, Path], pattern: str, problems: list[Problem]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    key_of = _reader_of(pattern)
    for name, path in names.items():
        key = key_of(name)
        if key is None:
            continue
        if key in found:
            detail = f"{found[key].relative_to(folder)} and {path.relative_to(folder)} in {folder} have one id"
            problems.append(Problem(kind="duplicate id", id=key, detail=detail))
            continue
        found[key] = path
    return found


def _reader_of(pattern: str) -> Callable[[str], str | None]:
    """From a name to its id; None where the name does not fit the pattern."""
    if not pattern:
        return lambda name: name.replace("/", "_")
    parts = [re.escape(part) for part in pattern.split("*")]
    whole = re.compile("(.+?)".join(parts[:-1]) + "(.+)" + parts[-1], re.DOTALL)

    def key_of(name: str) -> str | None:
        # A pattern without a slash is about the file's own name, wherever it lies.
        parent, _, own = name.rpartition("/")
        found = whole.fullmatch(name if "/" in pattern else own)
        if found is None:
            return None
        stars = [part.strip("/") for part in found.groups()]
        return "_".join(stars if "/" in pattern else [*filter(None, [parent]), "".join(stars)]).replace("/", "_")

    return key_of


def _sequence(path: Path, folder: Path) -> str:
    parent = path.parent.relative_to(folder).as_posix()
    return "" if parent == "." else parent
