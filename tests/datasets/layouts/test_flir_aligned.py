"""FLIR aligned: pairs by the ends of their names."""

from __future__ import annotations

from pathlib import Path

from datasets.base import Boxes
from datasets.layouts.flir_aligned import FLIRAligned
from datasets.splits import write_list
from tests.datasets.miniatures import (
    write_flir_aligned,
)


def test_flir_aligned_pairs_by_the_ends_of_its_names_and_leaves_dogs_out(tmp_path: Path) -> None:
    write_flir_aligned(tmp_path)
    dataset = FLIRAligned(tmp_path).load("test", "detect")
    assert [(s.id, s.infrared.name) for s in dataset] == [
        ("FLIR_01001", "FLIR_01001_PreviewData.jpeg"), ("FLIR_01002", "FLIR_01002_PreviewData.jpeg")
    ]  # fmt: skip
    assert dataset[0].target == Boxes(xyxy=((2, 3, 12, 20),), labels=(0,))
    assert dataset.facts["left out"].startswith("2 objects")
    assert len(FLIRAligned(tmp_path).load("train", "quality")) == 10


def test_flir_aligned_says_where_its_validation_comes_from(tmp_path: Path) -> None:
    write_flir_aligned(tmp_path)
    layout = FLIRAligned(tmp_path)
    train, val = ([sample.id for sample in layout.load(split, "quality")] for split in ("train", "val"))
    said = f"{len(val)} of {len(train) + len(val)} train pairs"
    assert layout.load("val", "quality").facts["validation"].startswith(said)
    assert "validation" not in layout.load("test", "quality").facts
    write_list(tmp_path, "train", train)
    write_list(tmp_path, "val", val)
    assert layout.load("val", "quality").facts["validation"] == "as listed in splits/*.txt"
