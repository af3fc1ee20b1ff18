"""LLVIP: scenes that validation keeps whole, both forms of its labels, and its annotation set in records."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.base import Boxes
from datasets.layouts.llvip import LLVIP
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    ids,
    voc,
    write_label,
    write_llvip,
    write_llvip_yolo,
    write_msrs,
    write_pairs,
)


def test_llvip_validation_takes_whole_scenes_and_says_which(tmp_path: Path) -> None:
    write_llvip(tmp_path)
    layout = LLVIP(tmp_path)
    scenes = [{name[:2] for name in ids(layout, split)} for split in ("train", "val", "test")]
    assert scenes[0] | scenes[1] == {"01", "02", "03", "04"}
    assert len(scenes[1]) == 1
    assert scenes[2] == {"19", "20"}
    assert f"whole groups {scenes[1].pop()} of 4" in layout.load("val", "detect").facts["validation"]


def test_llvip_of_one_scene_takes_blocks_and_admits_that_neighbours_remain(tmp_path: Path) -> None:
    names = [f"01{frame:04d}" for frame in range(1, 21)]
    write_pairs(tmp_path / "visible/train", tmp_path / "infrared/train", names, ".jpg")
    layout = LLVIP(tmp_path)
    carved = [int(name) for name in ids(layout, "val")]
    assert carved == list(range(carved[0], carved[0] + 3))
    assert "one group only (01), so neighbouring frames remain" in layout.load("val", "quality").facts["validation"]


def test_llvip_reads_voc_and_yolo_alike(tmp_path: Path) -> None:
    write_llvip(tmp_path / "voc")
    write_llvip_yolo(tmp_path / "yolo")
    voc_target = LLVIP(tmp_path / "voc").load("test", "detect")[0].target
    yolo_target = LLVIP(tmp_path / "yolo").load("test", "detect")[0].target
    assert voc_target == Boxes(xyxy=((2, 3, 12, 20),), labels=(0,))
    assert yolo_target == Boxes(xyxy=((12, 6, 20, 18),), labels=(0,))


def test_llvip_record_carries_the_annotation_set(tmp_path: Path) -> None:
    write_llvip(tmp_path)
    before = LLVIP(tmp_path).load("test", "detect").facts["annotations"]
    assert before.startswith("Pascal VOC, 15 files, set ")
    write_label(tmp_path / "Annotations/190001.xml", voc(("person", 2, 3, 13, 20)))
    assert LLVIP(tmp_path).load("test", "detect").facts["annotations"] != before


def test_llvip_of_the_wrong_folder_is_told_what_is_there(tmp_path: Path) -> None:
    write_msrs(tmp_path)
    with pytest.raises(DatasetError, match=r"(?s)no folder visible in .*it holds: test, train.*--root.*Annotations/"):
        LLVIP(tmp_path).load("test", "detect")
