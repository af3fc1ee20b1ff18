"""DroneVehicle: boxes around outlines, and spellings of its classes."""

from __future__ import annotations

from pathlib import Path

from datasets.base import Boxes
from datasets.layouts.dronevehicle import DroneVehicle
from tests.datasets.miniatures import (
    ids,
    write_dronevehicle,
)


def test_dronevehicle_takes_the_box_around_an_outline_and_knows_its_spellings(tmp_path: Path) -> None:
    write_dronevehicle(tmp_path)
    dataset = DroneVehicle(tmp_path).load("test", "detect")
    assert dataset[0].target == Boxes(xyxy=((2, 2, 20, 14),), labels=(4,))
    assert dataset.facts["polygons"].startswith("2 objects")
    assert ids(DroneVehicle(tmp_path), "val") == ["02001"]
