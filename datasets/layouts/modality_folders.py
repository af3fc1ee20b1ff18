"""Folders that hold one modality, found by their names: `visible` and `infrared`, `vis_img` and `ir_img`, `lwir`.

Only words of the field count, and two folders that look like one modality are an error: which of them is meant changes
every number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from datasets.marks import INFRARED_WORDS, VISIBLE_WORDS
from datasets.names import list_images
from suite.errors import DatasetError

VISIBLE_NAMES = ("visible", "vi", "vis", "rgb", "vis_img", "visible_images")
INFRARED_NAMES = ("infrared", "ir", "inf", "thermal", "lwir", "tir", "infrared_images")
NO_MEANING = frozenset(("img", "imgs", "image", "images", "frame", "frames", "data", "bit", "aligned", "registered"))
DEEPEST = 4
"""Levels of folders under the root among which sequences are looked for."""


def find_modality(parent: Path, names: Sequence[str], words: frozenset[str], option: str) -> Path | None:
    """The sub-folder that holds one modality, or None.

    Args:
        parent: Where to look.
        names: Names that are accepted; case does not matter.
        words: Words of the field; a folder counts if they are all that its name says.
        option: The option that names the files of this modality, for messages.

    Raises:
        DatasetError: several folders could be meant.
    """
    if not parent.is_dir():
        return None
    folded = [name.casefold() for name in names]
    found = [
        path
        for path in sorted(parent.iterdir())
        if path.is_dir() and (path.name.casefold() in folded or _speaks_of(path.name, words))
    ]
    # Named by the dataset itself goes before what merely sounds alike; an empty folder is no candidate.
    exact = [path for path in found if path.name.casefold() in folded]
    chosen = exact or found
    if len(chosen) > 1:
        chosen = [path for path in chosen if list_images(path, deep=True)] or chosen[:1]
    if len(chosen) > 1:
        listed = ", ".join(path.name for path in chosen)
        raise DatasetError(
            f"{parent} has several folders that could be meant: {listed}. Rename those that are not, or name the "
            f"files: {option} '{chosen[0].name}/*'"
        )
    return chosen[0] if chosen else None


def find_sequences(root: Path, depth: int = DEEPEST) -> dict[str, tuple[Path, Path]]:
    """Folders (visible, infrared) that lie side by side somewhere below `root`, by the path that leads to them.

    Raises:
        DatasetError: several folders beside each other could be meant.
    """
    found: dict[str, tuple[Path, Path]] = {}
    for path in sorted(root.iterdir()) if depth and root.is_dir() else ():
        if not path.is_dir() or path.name.startswith("."):
            continue
        visible = find_modality(path, VISIBLE_NAMES, VISIBLE_WORDS, "--visible")
        infrared = find_modality(path, INFRARED_NAMES, INFRARED_WORDS, "--infrared")
        if visible and infrared:
            found[path.name] = visible, infrared
        else:
            found |= {f"{path.name}/{below}": both for below, both in find_sequences(path, depth - 1).items()}
    return found


def _speaks_of(name: str, words: frozenset[str]) -> bool:
    said = [word for word in re.split(r"[^a-z]+", name.casefold()) if word and word not in NO_MEANING]
    return len(said) == 1 and said[0] in words
