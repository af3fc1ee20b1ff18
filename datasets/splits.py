"""Carving validation from train: deterministic, by whole scenes where they are known, else in contiguous blocks.

Neighbouring video frames are nearly equal, so a random choice of frames would put copies of the training images into
validation. Nothing here is random, and test is never touched.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from datasets.base import IMAGE_SUFFIXES, SPLITS
from datasets.label_files import LabelFileError, read_label_text
from suite.errors import DatasetError
from suite.files import write_text

VAL_FRACTION = 0.15
BLOCK_LENGTH = 5
LIST_FOLDER = "splits"


def carve_groups(ids: Sequence[str], group_of: Callable[[str], str], fraction: float = VAL_FRACTION) -> frozenset[str]:
    """The ids of whole groups (scenes, patients) that together hold about `fraction` of all ids.

    Groups are visited in the order of the hash of their names, which has nothing to do with the order of recording,
    and taken while that brings the share nearer to `fraction`. At least one group is taken and at least one left.
    """
    sizes = Counter(group_of(i) for i in ids)
    order = sorted(sizes, key=lambda g: hashlib.sha256(g.encode()).hexdigest())
    target = fraction * len(ids)
    chosen: set[str] = set()
    total = 0
    for group in order:
        if len(chosen) < len(sizes) - 1 and abs(total + sizes[group] - target) < abs(total - target):
            chosen.add(group)
            total += sizes[group]
    if not chosen and len(sizes) > 1:
        chosen.add(min(order, key=lambda g: sizes[g]))
    return frozenset(i for i in ids if group_of(i) in chosen)


def carve_blocks(
    ids: Sequence[str], fraction: float = VAL_FRACTION, block_length: int = BLOCK_LENGTH
) -> frozenset[str]:
    """About `fraction` of the sorted ids, in contiguous blocks of about `block_length`, spread evenly.

    Two ids or more give at least one for validation; one id gives none.
    """
    ordered = sorted(ids)
    count = min(max(1, round(fraction * len(ordered))), len(ordered) - 1)
    if count < 1:
        return frozenset()
    num_blocks = max(1, round(count / block_length))
    carved: set[str] = set()
    for block in range(num_blocks):
        length = count * (block + 1) // num_blocks - count * block // num_blocks
        middle = (2 * block + 1) * len(ordered) / (2 * num_blocks)
        start = min(max(0, round(middle - length / 2)), len(ordered) - length)
        carved.update(ordered[start : start + length])
    return frozenset(carved)


def read_lists(root: Path) -> dict[str, frozenset[str]] | None:
    """The ids of `splits/{train,val,test}.txt` under the root, one a line, or None where there is no such folder."""
    folder = root / LIST_FOLDER
    if not folder.is_dir():
        return None
    lists: dict[str, frozenset[str]] = {}
    for split in SPLITS:
        path = folder / f"{split}.txt"
        lists[split] = frozenset(read_id_list(path)) if path.exists() else frozenset()
    return lists


def read_id_list(path: Path) -> list[str]:
    """The ids in a list, one a line; # begins a comment.

    Raises:
        DatasetError: it cannot be read.
    """
    try:
        lines = read_label_text(path).splitlines()
    except LabelFileError as error:
        raise DatasetError(f"the list {path} {error}.") from error
    names = (line.partition("#")[0].strip() for line in lines)
    # Lists of other tools name files: an id is a name without path and suffix.
    return [name.removesuffix(Path(name).suffix) if _is_image(name) else name for name in names if name]


def _is_image(name: str) -> bool:
    return Path(name).suffix.lower() in IMAGE_SUFFIXES


def write_list(root: Path, split: str, ids: Sequence[str]) -> None:
    """Write `splits/<split>.txt`, one id a line."""
    write_text(root / LIST_FOLDER / f"{split}.txt", "".join(f"{i}\n" for i in ids))
