"""FMB: unlabelled pixels, missing masks, and lists of splits."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.layouts.fmb import FMB
from datasets.splits import write_list
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    ids,
    write_fmb,
    write_pairs,
)


def test_fmb_leaves_unlabelled_out_and_carves_validation_from_train(tmp_path: Path) -> None:
    write_fmb(tmp_path)
    layout = FMB(tmp_path)
    assert layout.load("test", "segment").ignore_index == 0
    assert len(FMB.classes) == 15
    assert FMB.classes[8:11] == ("Person", "Car", "Truck")
    assert len(ids(layout, "val")) == 2
    assert len(ids(layout, "train")) == 10


def test_fmb_without_its_masks_still_serves_quality(tmp_path: Path) -> None:
    write_pairs(tmp_path / "test/Visible", tmp_path / "test/Infrared", ["1"])
    assert ids(FMB(tmp_path), "test") == ["1"]
    with pytest.raises(DatasetError, match="no folder Label"):
        FMB(tmp_path).load("test", "segment")


def test_lists_overrule_carving_and_a_pair_in_two_lists_is_refused(tmp_path: Path) -> None:
    write_fmb(tmp_path)
    write_list(tmp_path, "train", ["00001", "00002"])
    write_list(tmp_path, "val", ["00003"])
    assert ids(FMB(tmp_path), "train") == ["00001", "00002"]
    assert FMB(tmp_path).load("val", "quality").facts["validation"] == "as listed in splits/*.txt"
    write_list(tmp_path, "val", ["00002"])
    with pytest.raises(DatasetError, match=r"(?s)listed in both .*00002"):
        FMB(tmp_path).load("val", "quality")
