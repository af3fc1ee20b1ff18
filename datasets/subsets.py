"""Named parts of a dataset that are scored on their own, such as day and night: `subsets/NAME.txt`, one id a line.

A pair may belong to several subsets or to none. Unlike splits they decide nothing about training.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets.splits import read_id_list
from suite.errors import DatasetError
from suite.files import write_text

SUBSET_FOLDER = "subsets"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def subset_files(root: Path) -> tuple[Path, ...]:
    """The lists under the root, in order of their names; none where there is no such folder."""
    return tuple(sorted(path for path in (root / SUBSET_FOLDER).glob("*.txt") if path.is_file()))


def read_subsets(root: Path) -> dict[str, frozenset[str]]:
    """Name of each subset -> its ids.

    Raises:
        DatasetError: a list that cannot be read or holds no id, or a name with other signs than
            letters, digits and `_.-`.
    """
    found: dict[str, frozenset[str]] = {}
    for path in subset_files(root):
        if NAME.fullmatch(path.stem) is None:
            raise DatasetError(f"{path}: a subset is called by letters, digits, _ . and - alone, got {path.stem!r}.")
        found[path.stem] = frozenset(read_id_list(path))
        if not found[path.stem]:
            raise DatasetError(f"{path} lists no pair: write one id a line, or delete the file.")
    return found


def subsets_of(subsets: Mapping[str, frozenset[str]], ids: Sequence[str], place: str) -> dict[str, tuple[str, ...]]:
    """Id -> the subsets that it belongs to.

    Args:
        subsets: Name -> ids.
        ids: Of the pairs of a split.
        place: The dataset and its split, for the message.

    Raises:
        DatasetError: there are subsets and none of the pairs is in any, which is a misspelling rather than a choice.
    """
    found = {one: tuple(name for name, members in subsets.items() if one in members) for one in ids}
    if subsets and ids and not any(found.values()):
        listed = sorted(next(iter(subsets.values())))[0]
        raise DatasetError(
            f"{place}: none of the {len(ids)} pairs is in {SUBSET_FOLDER}/*.txt: {next(iter(subsets))}.txt lists "
            f"{listed!r}, the pairs are called like {sorted(ids)[0]!r}."
        )
    return found


def write_subset(root: Path, name: str, ids: Sequence[str]) -> None:
    """Write `subsets/<name>.txt`, one id a line."""
    write_text(root / SUBSET_FOLDER / f"{name}.txt", "".join(f"{one}\n" for one in ids))
