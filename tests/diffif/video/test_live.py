from __future__ import annotations

import math

import numpy as np
import pytest

from diffif.fusers.registry import build_fuser
from diffif.video.live import LiveFusion
from suite.errors import ImageError, SettingsError


@pytest.fixture
def frames() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (24, 40, 3), dtype=np.uint8), generator.integers(0, 256, (24, 40), dtype=np.uint8)


def test_a_still_scene_stands_still_whatever_the_order_of_colours(frames: tuple[np.ndarray, np.ndarray]) -> None:
    visible, infrared = frames
    rgb, bgr = LiveFusion(build_fuser("max")), LiveFusion("max", device="cpu", order="bgr")
    first, again = rgb(visible, infrared), rgb(visible, infrared)
    assert first.shape == visible.shape
    assert np.array_equal(first, again)
    assert np.array_equal(bgr(visible[..., ::-1], infrared), first[..., ::-1])
    assert np.array_equal(rgb(visible, np.repeat(infrared[..., None], 3, axis=2)), first)


def test_the_rate_needs_two_frames(frames: tuple[np.ndarray, np.ndarray]) -> None:
    live = LiveFusion("max", device="cpu")
    live(*frames)
    assert math.isnan(live.fps)
    live(*frames)
    assert live.fps > 0


def test_other_arrays_are_refused(frames: tuple[np.ndarray, np.ndarray]) -> None:
    live = LiveFusion("max", device="cpu")
    with pytest.raises(ImageError, match="infrared must be uint8"):
        live(frames[0], frames[1].astype(np.float32))
    with pytest.raises(ImageError, match="differ"):
        live(frames[0], frames[1][:-1])
    with pytest.raises(SettingsError, match="rgb or bgr"):
        LiveFusion("max", order="grb")  # type: ignore[arg-type]
