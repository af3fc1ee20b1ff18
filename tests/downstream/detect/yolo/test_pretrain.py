"""The scenes that shipped weights learn from, and the training that makes them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from datasets.images import to_tensor
from datasets.synthetic.settings import BOX_CLASSES
from downstream.detect.detectors import build_detector
from downstream.detect.settings import DetectionSettings
from downstream.detect.yolo.mixture import FIRST_SEED, KINDS, SHOWS, show_scenes
from downstream.detect.yolo.pretrain import PretrainSettings, draw_mixture, main
from suite.errors import SettingsError

SIZE = (64, 96)


def test_scenes_are_shown_in_turn_as_each_kind_of_image() -> None:
    scenes = list(show_scenes(SIZE, 6, FIRST_SEED))
    assert [scene.kind for scene in scenes] == [*KINDS, *KINDS]
    visible, infrared, average = scenes[:3]
    assert (visible.image - to_tensor(visible.pair.visible, "rgb")).abs().max() < 2 / 255
    assert (infrared.image - to_tensor(infrared.pair.infrared, "grey")).abs().max() < 2 / 255
    sources = to_tensor(average.pair.visible, "rgb").mean(), to_tensor(average.pair.infrared, "grey").mean()
    assert float(average.image.mean()) == pytest.approx(float(sum(sources)) / 2, abs=0.02)
    assert not torch.equal(scenes[0].image, scenes[3].image)


def test_a_box_counts_only_where_its_kind_of_image_shows_the_object(tmp_path: Path) -> None:
    settings = PretrainSettings(scenes=9, val_scenes=3, height=SIZE[0], width=SIZE[1])
    folder = draw_mixture(settings, 9, FIRST_SEED, tmp_path / "train")
    left_out = 0
    for scene in show_scenes(SIZE, 9, FIRST_SEED):
        lines = (folder / "labels" / f"{scene.name}.txt").read_text().splitlines()
        shown = [item for item in scene.pair.objects if item.evidence in SHOWS[scene.kind]]
        assert [BOX_CLASSES[int(line.split()[0])] for line in lines] == [item.name for item in shown]
        left_out += len(scene.pair.objects) - len(shown)
    assert left_out > 0


@pytest.mark.parametrize("wrong", [{"width": 100}, {"scenes": 2}, {"val_scenes": 2}, {"stop_after": 17}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="multiple of 32"):
        PretrainSettings(**wrong)


@pytest.mark.slow
def test_the_command_trains_as_long_as_it_says_and_writes_weights_that_detect(tmp_path: Path) -> None:
    out = tmp_path / "start.pt"
    told = {"scenes": 6, "val-scenes": 4, "height": 64, "width": 64, "epochs": 4, "stop-after": 2, "batch": 3}
    words = [part for name, value in told.items() for part in (f"--{name}", str(value))]
    assert main(["--workdir", str(tmp_path / "run"), "--out", str(out), *words]) == 0
    assert len(list((tmp_path / "run" / "val" / "images").glob("*.png"))) == 4
    assert len(pd.read_csv(tmp_path / "run" / "training" / "results.csv")) == 2
    assert build_detector(DetectionSettings(model=str(out)), tmp_path).classes == BOX_CLASSES
