"""Every shipped preset is read by its task, says where it comes from, and what its source leaves open."""

from __future__ import annotations

import pytest

from downstream.detect.settings import DetectionSettings
from downstream.presets import load_preset, preset_names
from downstream.segment.settings import SegmentationSettings
from suite.errors import UnknownName
from suite.settings import from_mapping

SETTINGS = {"detect": DetectionSettings, "segment": SegmentationSettings}
EVERY = [(task, name) for task in SETTINGS for name in preset_names(task)]


def test_the_published_protocols_are_there() -> None:
    assert set(preset_names("detect")) == {"dcevo-m3fd", "diffif-llvip", "frozen-coco"}
    assert set(preset_names("segment")) == {"diffif-fmb", "sage-fmb", "textdifuse-mfnet"}


@pytest.mark.parametrize(("task", "name"), EVERY)
def test_a_preset_fits_the_settings_of_its_task_and_names_its_source(task: str, name: str) -> None:
    preset = load_preset(task, name)
    chosen = from_mapping(SETTINGS[task], preset.settings)
    assert all(getattr(chosen, key) == value for key, value in preset.settings.items())
    assert preset.source
    assert preset.not_stated
    assert name in preset.note


def test_an_unknown_preset_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'frozen-coco'"):
        load_preset("detect", "frozen-cocoo")
