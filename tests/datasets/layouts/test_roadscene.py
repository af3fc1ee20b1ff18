"""RoadScene: its published folder names."""

from __future__ import annotations

from pathlib import Path

from datasets.layouts.roadscene import RoadScene
from tests.datasets.miniatures import (
    write_pairs,
)


def test_roadscene_is_found_under_its_published_folder_names(tmp_path: Path) -> None:
    write_pairs(tmp_path / "crop_LR_visible", tmp_path / "cropinfrared", ["FLIR_1"], ".jpg")
    sample = RoadScene(tmp_path).load("test", "quality")[0]
    assert sample.visible.parent.name == "crop_LR_visible"
