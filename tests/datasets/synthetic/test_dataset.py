"""Reading a synthetic dataset back: pairs, boxes with evidence, masks, and problems that are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.base import Boxes, MaskPath
from datasets.registry import load_dataset
from datasets.synthetic.render import render
from datasets.synthetic.settings import BOX_CLASSES, MASK_CLASSES, SyntheticSettings
from datasets.synthetic.writer import generate
from suite.errors import DatasetError

SETTINGS = SyntheticSettings(height=96, width=128, num_train=3, num_val=1, num_test=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return generate(SETTINGS, tmp_path / "set", progress=False)


def test_boxes_come_back_with_class_and_evidence(root: Path) -> None:
    loaded = load_dataset("synthetic", root, "train", "detect")
    assert loaded.classes == BOX_CLASSES
    for index, sample in enumerate(loaded):
        drawn = render(SETTINGS, "train", index).objects
        assert isinstance(sample.target, Boxes)
        assert sample.target.xyxy == tuple(found.box for found in drawn)
        assert [BOX_CLASSES[label] for label in sample.target.labels] == [found.name for found in drawn]
        assert sample.target.evidence == tuple(found.evidence for found in drawn)


def test_masks_come_with_evidence_and_the_classes_of_fmb(root: Path) -> None:
    loaded = load_dataset("synthetic", root, "test", "segment")
    assert loaded.classes == MASK_CLASSES
    assert loaded.ignore_index == 0
    target = loaded[0].target
    assert isinstance(target, MaskPath)
    assert target.path.is_file()
    assert target.evidence is not None
    assert target.evidence.is_file()


def test_a_folder_without_manifest_is_refused_with_the_command_that_makes_one(root: Path) -> None:
    (root / "scenes.json").unlink()
    with pytest.raises(DatasetError, match="python -m datasets sample"):
        load_dataset("synthetic", root, "train", "detect")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<name>person</name>", "<name>horse</name>", "horse"),
        ("<xmin>", "<xmin>9", "outside"),
        ("<evidence>", "<evidence>x", "evidence"),
        ("</annotation>", "", "cannot be read"),
        ("<ymax>", "<ymax>a", "as numbers"),
    ],
)
def test_an_unusable_annotation_is_named(root: Path, old: str, new: str, message: str) -> None:
    path = root / "Annotations" / "000001.xml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(DatasetError, match=rf"(?s)000001\.xml.*{message}"):
        load_dataset("synthetic", root, "train", "detect")


def test_a_missing_mask_is_named(root: Path) -> None:
    (root / "Label" / "train" / "000002.png").unlink()
    with pytest.raises(DatasetError, match="000002"):
        load_dataset("synthetic", root, "train", "segment")
