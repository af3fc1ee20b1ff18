"""Drawn clips: things move, light and gain stay, noise is new in every frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.registry import load_dataset
from datasets.synthetic.clips import ClipSettings, draw_clip, draw_clips
from suite.errors import SettingsError

SMALL = ClipSettings(num_clips=2, num_frames=4, height=64, width=80)


def test_clips_are_a_dataset_of_sequences_and_drawn_once(tmp_path: Path) -> None:
    root = draw_clips(SMALL, tmp_path / "clips")
    samples = load_dataset("folder", root, "test", "quality").samples
    assert [sample.group for sample in samples] == ["clip-000"] * 4 + ["clip-001"] * 4
    before = (root / "clip-001" / "visible" / "0002.png").stat().st_mtime_ns
    draw_clips(SMALL, root)
    assert (root / "clip-001" / "visible" / "0002.png").stat().st_mtime_ns == before


def test_the_cameras_pan_over_a_scene_that_keeps_its_light(tmp_path: Path) -> None:
    clip = draw_clip(ClipSettings(num_clips=1, num_frames=4, height=96, width=128, pan=4), 0)
    first, later = clip[0][0].astype(float), clip[3][0].astype(float)
    aligned = np.abs(first[:, 12:] - later[:, :-12]).mean()
    assert aligned < 0.6 * np.abs(first - later).mean()
    assert np.median(np.abs(first[:, 12:] - later[:, :-12])) < 8


def test_something_moves_where_the_cameras_stand_still() -> None:
    clip = draw_clip(ClipSettings(num_clips=1, num_frames=10, height=96, width=128, pan=0), 0)
    warm = [infrared.astype(float) for _, infrared in clip]
    assert np.abs(warm[0] - warm[9]).max() > 40
    still = np.abs(warm[0] - warm[9])
    assert np.median(still) < 8


def test_noise_is_drawn_anew_for_every_frame() -> None:
    clip = draw_clip(ClipSettings(num_clips=1, num_frames=3, height=64, width=80, pan=0), 0)
    assert not np.array_equal(clip[0][1], clip[1][1])


@pytest.mark.parametrize("wrong", [{"num_frames": 2}, {"num_clips": 0}, {"height": 8}, {"pan": 20}])
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="drawn clips need"):
        ClipSettings(**wrong)
