"""Folders of a dataset: found under several names, or an error that shows what is there; labels of no image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from datasets.base import IMAGE_SUFFIXES
from datasets.class_lists import SIDE_FILES
from datasets.layout import Layout
from datasets.problems import Problem
from suite.errors import DatasetError


def stray_labels(labels: Iterable[Path], images: Iterable[Path], where: Path) -> list[Problem]:
    """A problem for each label file whose name is no image's."""
    stems = {path.stem for path in images if path.suffix.lower() in IMAGE_SUFFIXES}
    return [
        Problem(kind="label without image", id=path.stem, detail=f"{path} labels no image under {where}")
        for path in sorted(labels)
        if path.stem not in stems and path.stem.casefold() not in SIDE_FILES and path.is_file()
    ]


def find_dir(parent: Path, names: Iterable[str]) -> Path | None:
    """The sub-folder with one of these names (the first that exists counts); case does not matter."""
    if not parent.is_dir():
        return None
    present: dict[str, Path] = {}
    for path in sorted(parent.iterdir()):
        if path.is_dir():
            present.setdefault(path.name.casefold(), path)
    return next((present[name.casefold()] for name in names if name.casefold() in present), None)


def require_dir(layout: Layout, parent: Path, names: Sequence[str]) -> Path:
    """`find_dir`, or an error that shows what is there instead.

    Raises:
        DatasetError: no such folder.
    """
    found = find_dir(parent, names)
    if found is not None:
        return found
    there = sorted(p.name for p in parent.iterdir() if not p.name.startswith("."))[:10] if parent.is_dir() else []
    shown = f"it holds: {', '.join(there)}" if there else "it is empty" if parent.is_dir() else "which does not exist"
    raise DatasetError(
        f"{layout.name}: no folder {' or '.join(names)} in {parent} ({shown}). "
        f"Pass --root DIR, the folder that holds:\n{layout.expected}"
    )
