"""TNO: flat folders with lists of splits."""

from __future__ import annotations

from pathlib import Path

from datasets.layouts.tno import TNO
from datasets.splits import write_list
from tests.datasets.miniatures import (
    ids,
    write_pairs,
)


def test_flat_folders_may_list_their_splits(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a", "b", "c"])
    for split, name in (("train", "a"), ("val", "b"), ("test", "c")):
        write_list(tmp_path, split, [name])
        assert ids(TNO(tmp_path), split) == [name]
