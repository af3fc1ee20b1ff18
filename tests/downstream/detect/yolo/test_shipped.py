"""The weights that ship are small, of the laboratory's classes, silent about any machine, and used unaltered or not."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from datasets.synthetic.settings import BOX_CLASSES
from downstream.detect.detectors import build_detector
from downstream.detect.settings import DetectionSettings
from downstream.detect.yolo.shipped import FOLDER, LABORATORY, SHIPPED, find_shipped
from suite.errors import WeightsError

TEN_MEGABYTES = 10_000_000


def test_shipped_weights_are_found_by_name_and_know_the_classes_of_the_laboratory(tmp_path: Path) -> None:
    chosen = build_detector(DetectionSettings(model=LABORATORY), tmp_path)
    assert chosen.classes == BOX_CLASSES
    assert (FOLDER / LABORATORY).stat().st_size < TEN_MEGABYTES


def test_every_shipped_file_has_its_hash_and_its_model_card() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in FOLDER.glob("*.pt")} == set(SHIPPED)
    for name in SHIPPED:
        assert find_shipped(name) == FOLDER / name
        assert name in card
    assert "AGPL-3.0" in card


def test_shipped_weights_name_no_machine() -> None:
    with zipfile.ZipFile(FOLDER / LABORATORY) as archive:
        (pickle,) = (name for name in archive.namelist() if name.endswith("data.pkl"))
        content = archive.read(pickle)
    for trace in (b"/tmp", b"/home", b"/root", b"/work", b"save_dir", b"project"):
        assert trace not in content


def test_a_missing_or_altered_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"is missing.*Install the suite again"):
        find_shipped(LABORATORY, tmp_path)
    shutil.copyfile(FOLDER / LABORATORY, tmp_path / LABORATORY)
    with (tmp_path / LABORATORY).open("ab") as opened:
        opened.write(b"0")
    with pytest.raises(WeightsError, match="has been altered"):
        find_shipped(LABORATORY, tmp_path)


def test_a_name_that_does_not_ship_is_left_to_others() -> None:
    assert find_shipped("yolov8n.pt") is None
