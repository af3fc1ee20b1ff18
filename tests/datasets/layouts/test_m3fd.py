"""M3FD: splits by sequence, with frames left out between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.layouts.m3fd import BLOCK_LENGTH, BLOCK_SPLITS, GUARD_LENGTH, M3FD, split_of
from datasets.splits import write_list
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    M3FD_IDS,
    ids,
    write_m3fd,
    write_pairs,
)


def test_m3fd_splits_by_sequence_whatever_else_is_there(tmp_path: Path) -> None:
    write_m3fd(tmp_path)
    layout = M3FD(tmp_path)
    splits = {split: ids(layout, split) for split in ("train", "val", "test")}
    assert [len(splits[split]) for split in ("train", "val", "test")] == [7, 1, 2]
    for split, names in splits.items():
        assert all(split_of(name) == split for name in names)
    assert sorted(name for names in splits.values() for name in names) == M3FD_IDS


def test_m3fd_shares_are_two_tenths_test_and_few_frames_lost() -> None:
    splits = [split_of(f"{number:05d}") for number in range(10 * BLOCK_LENGTH)]
    assert splits.count("test") == BLOCK_LENGTH * BLOCK_SPLITS.count("test")
    assert splits.count("val") == BLOCK_LENGTH - 2 * GUARD_LENGTH
    assert 0 < splits.count(None) <= 0.1 * len(splits)


def test_m3fd_train_and_test_frames_lie_apart_by_the_guard() -> None:
    splits = {number: split_of(f"{number:05d}") for number in range(4200)}
    for number, split in splits.items():
        if split in ("train", "val"):
            near = {splits.get(n) for n in range(number - GUARD_LENGTH, number + GUARD_LENGTH + 1)}
            assert near <= {split, None}


def test_m3fd_names_that_are_no_frame_numbers_are_refused_unless_listed(tmp_path: Path) -> None:
    write_pairs(tmp_path / "Vis", tmp_path / "Ir", ["first", "second"])
    with pytest.raises(DatasetError, match="first: the name is not a frame number"):
        M3FD(tmp_path).load("test", "quality")
    write_list(tmp_path, "test", ["first"])
    write_list(tmp_path, "train", ["second"])
    assert ids(M3FD(tmp_path), "test") == ["first"]
