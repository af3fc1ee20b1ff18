"""KAIST: the frames of its list, in whole sequences."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.base import Boxes
from datasets.layouts.kaist import KAIST
from datasets.splits import write_list
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    write_kaist,
    write_label,
)


def test_kaist_reads_the_frames_of_its_list_and_its_sequences_stay_whole(tmp_path: Path) -> None:
    write_kaist(tmp_path)
    dataset = KAIST(tmp_path).load("test", "detect")
    assert [sample.id for sample in dataset] == ["set06_V000_I00019", "set06_V000_I00039"]
    assert dataset[0].target == Boxes(xyxy=((2, 3, 12, 20),), labels=(0,))
    assert dataset.facts["frames"] == "as listed in imageSets"
    groups = [{s.group for s in KAIST(tmp_path).load(split, "quality")} for split in ("train", "val")]
    assert groups[0] | groups[1] == {"set00_V000", "set00_V001"}
    assert not groups[0] & groups[1]
    write_label(tmp_path / "annotations/set06/V000/I00019.txt", "tree 1 1 5 5\n")
    with pytest.raises(DatasetError, match="unknown class 'tree'"):
        KAIST(tmp_path).load("test", "detect")


def test_kaist_says_where_its_frames_and_its_validation_come_from(tmp_path: Path) -> None:
    write_kaist(tmp_path)
    facts = KAIST(tmp_path).load("val", "quality").facts
    assert "whole groups set00_V00" in facts["validation"]
    assert facts["validation"].endswith("of 2")
    train = [sample.id for sample in KAIST(tmp_path).load("train", "quality")]
    write_list(tmp_path, "train", train[1:])
    write_list(tmp_path, "val", train[:1])
    facts = KAIST(tmp_path).load("val", "quality").facts
    assert facts["validation"] == facts["frames"] == "as listed in splits/*.txt"
