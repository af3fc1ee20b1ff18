"""Anyone's folders: names of the modalities, and where splits may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.layouts.folder import Folder
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    ids,
    make_image,
    write_image,
    write_pairs,
)


@pytest.mark.parametrize(
    ("visible", "infrared"),
    [("vi", "ir"), ("VI", "IR"), ("Vis", "Ir"), ("visible", "infrared"), ("RGB", "thermal")],
)
def test_flat_folders_are_test_whatever_they_are_called(tmp_path: Path, visible: str, infrared: str) -> None:
    write_pairs(tmp_path / visible, tmp_path / infrared, ["a", "b"])
    write_image(tmp_path / "fused/a.png", make_image("a", 3))
    assert ids(Folder(tmp_path), "test") == ["a", "b"]
    for split in ("train", "val"):
        with pytest.raises(DatasetError, match=f"all its pairs are test and none are {split}"):
            Folder(tmp_path).load(split, "quality")


def test_own_splits_may_lie_above_or_below_the_modality(tmp_path: Path) -> None:
    write_pairs(tmp_path / "above/val/vi", tmp_path / "above/val/ir", ["v"])
    write_pairs(tmp_path / "above/train/vi", tmp_path / "above/train/ir", ["t"])
    write_pairs(tmp_path / "below/vi/val", tmp_path / "below/ir/val", ["v"])
    write_pairs(tmp_path / "below/vi/train", tmp_path / "below/ir/train", ["t"])
    for place in ("above", "below"):
        assert ids(Folder(tmp_path / place), "val") == ["v"]
        assert ids(Folder(tmp_path / place), "train") == ["t"]
