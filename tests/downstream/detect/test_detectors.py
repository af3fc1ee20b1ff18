"""Every library of detectors in the table follows the contract, found from the table so that none is forgotten."""

from __future__ import annotations

import inspect
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from downstream.detect.detector import Detector
from downstream.detect.detectors import DETECTORS, build_detector
from downstream.detect.settings import DetectionSettings
from suite.errors import SettingsError, UnknownName
from suite.settings import fingerprint

SMALLEST = {"ultralytics": "ultralytics:yolov8n.yaml", "torchvision": "torchvision:ssdlite320_mobilenet_v3_large"}


def test_every_library_of_the_table_is_tested() -> None:
    assert set(SMALLEST) == set(DETECTORS)


@pytest.mark.parametrize("library", sorted(DETECTORS))
@pytest.mark.parametrize("method", ["train", "predict"])
def test_the_methods_take_what_the_contract_says(library: str, method: str) -> None:
    module, _, attribute = DETECTORS[library].partition(":")
    found = getattr(getattr(import_module(module), attribute), method)
    assert inspect.signature(found).parameters.keys() == inspect.signature(getattr(Detector, method)).parameters.keys()


@pytest.mark.parametrize("library", sorted(DETECTORS))
def test_the_identity_holds_what_changes_the_weights_and_nothing_else(library: str, tmp_path: Path) -> None:
    settings = DetectionSettings(model=SMALLEST[library], epochs=2, imgsz=96)
    first = build_detector(settings, tmp_path)
    assert first.classes == ()
    mark = fingerprint(dict(first.identity))
    assert mark == fingerprint(dict(build_detector(settings, tmp_path / "elsewhere").identity))
    assert mark == fingerprint(dict(build_detector(replace(settings, workers=0, resamples=7), tmp_path).identity))
    for change in ({"epochs": 3}, {"imgsz": 128}, {"batch": 4}, {"learning_rate": 1e-3}, {"patience": 1}):
        changed = build_detector(replace(settings, **change), tmp_path)  # type: ignore[arg-type]
        assert mark != fingerprint(dict(changed.identity)), change


def test_a_detector_of_the_users_own_is_named_by_module_and_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "class Mine:\n    identity, classes = {'detector': 'mine'}, ()\n"
        "    def __init__(self, *given): self.given = given\n"
    )
    (tmp_path / "detector_of_mine.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    settings = DetectionSettings(model="detector_of_mine:Mine")
    found = build_detector(settings, tmp_path)
    assert found.identity == {"detector": "mine"}
    with pytest.raises(SettingsError, match="cannot import the detector 'detector_of_mine:Yours'"):
        build_detector(DetectionSettings(model="detector_of_mine:Yours"), tmp_path)
    with pytest.raises(UnknownName, match=r"Your own: package\.module:Class"):
        build_detector(DetectionSettings(model="no_such_library:x"), tmp_path)
