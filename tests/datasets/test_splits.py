"""Validation is carved deterministically, without neighbours of training frames where that can be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.splits import VAL_FRACTION, carve_blocks, carve_groups, read_lists, write_list

IDS = [f"{number:04d}" for number in range(200)]


def test_blocks_are_contiguous_spread_and_of_the_right_share() -> None:
    carved = sorted(int(i) for i in carve_blocks(IDS))
    assert len(carved) == round(VAL_FRACTION * len(IDS))
    starts = [number for number in carved if number - 1 not in carved]
    assert len(starts) == 6
    assert min(carved) < 40
    assert max(carved) > 160


def test_order_of_the_ids_does_not_matter() -> None:
    assert carve_blocks(IDS[::-1]) == carve_blocks(IDS)


@pytest.mark.parametrize(("number", "carved"), [(0, 0), (1, 0), (2, 1), (3, 1), (7, 1), (20, 3)])
def test_train_keeps_at_least_one_pair(number: int, carved: int) -> None:
    assert len(carve_blocks(IDS[:number])) == carved


def test_groups_stay_whole_and_give_about_the_share() -> None:
    carved = carve_groups(IDS, lambda i: i[:3])
    assert 0.5 * VAL_FRACTION < len(carved) / len(IDS) < 1.5 * VAL_FRACTION
    assert all((other in carved) == (one in carved) for one in IDS for other in IDS if one[:3] == other[:3])


def test_two_groups_give_one_each() -> None:
    carved = carve_groups(["a1", "a2", "a3", "b1"], lambda i: i[0])
    assert carved == {"b1"}


def test_a_group_goes_to_the_same_side_when_others_are_only_renamed_in_size() -> None:
    assert carve_groups(IDS, lambda i: i[:2]) == carve_groups(IDS[::-1], lambda i: i[:2])


def test_written_lists_are_read_back(tmp_path: Path) -> None:
    assert read_lists(tmp_path) is None
    write_list(tmp_path, "train", ["a", "b"])
    write_list(tmp_path, "test", ["c"])
    assert read_lists(tmp_path) == {"train": {"a", "b"}, "val": set(), "test": {"c"}}


def test_train_keeps_a_group_even_where_nearly_everything_is_asked_for() -> None:
    carved = carve_groups(["a1", "b1", "c1"], lambda i: i[0], fraction=0.95)
    assert len(carved) == 2
