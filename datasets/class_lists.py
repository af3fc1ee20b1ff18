"""Lists of class names that annotation tools write beside labels, and whether they agree with the dataset's classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datasets.label_files import LabelFileError, read_label_text
from datasets.problems import Problem, Remark

CLASS_LISTS = ("classes.txt", "_classes.txt", "obj.names", "predefined_classes.txt")
"""What labelImg, X-AnyLabeling, Label Studio, Roboflow and darknet call them; one name a line, in the order of ids."""
SIDE_FILES = frozenset(
    ("classes", "_classes", "predefined_classes", "obj", "readme", "notes", "license", "licence", "annotations")
)
"""Stems of files that lie among labels and are none."""


def read_class_list(path: Path) -> tuple[str, ...]:
    """The names in a list of classes.

    Raises:
        LabelFileError: it is no text.
    """
    lines = (line.strip() for line in read_label_text(path).splitlines())
    return tuple(line for line in lines if line)


def find_class_list(*folders: Path) -> Path | None:
    """The first list of classes in some folders."""
    return next((folder / name for folder in folders for name in CLASS_LISTS if (folder / name).is_file()), None)


def compare_class_list(path: Path, classes: Sequence[str]) -> list[Problem | Remark]:
    """What a list of classes says against the classes of the dataset: another order, other names, or nothing."""
    try:
        found = read_class_list(path)
    except LabelFileError as error:
        return [Remark(kind="class names", id="", detail=f"{path} {error}")]
    folded, known = [name.casefold() for name in found], [name.casefold() for name in classes]
    shown = f"{path} lists {', '.join(found)}; the dataset has {', '.join(classes)}"
    if folded == known:
        return []
    if sorted(folded) == sorted(known):
        return [Problem(kind="class order", id="", detail=shown)]
    return [Remark(kind="class names", id="", detail=shown)]
