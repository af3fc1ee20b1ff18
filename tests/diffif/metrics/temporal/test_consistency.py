"""BiSWE and MS2R on clips whose flicker and movement are known, and against the formulas written out plainly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from diffif.metrics.temporal.consistency import TEMPORAL_METRICS, score_clip
from diffif.metrics.temporal.flow import dis_flow
from suite.errors import ImageError
from tests.diffif.metrics.temporal.test_flow import texture

Clip = list[np.ndarray]


def panned(seed: int = 0, frames: int = 5, speed: int = 2) -> Clip:
    """A texture that moves to the left by so many pixels a frame."""
    large = texture(seed, (64, 80 + speed * frames))
    return [np.ascontiguousarray(large[:, speed * k : speed * k + 80]) for k in range(frames)]


def test_a_still_clip_is_perfectly_consistent() -> None:
    still = [texture()] * 4
    scores = score_clip(still, still, still)
    assert set(scores) == set(TEMPORAL_METRICS)
    assert scores["biswe"].tolist() == [0.0, 0.0]
    assert scores["ms2r"].tolist() == [0.0, 0.0]


def test_a_fused_clip_that_moves_as_its_sources_accelerates_like_them() -> None:
    clip = panned()
    scores = score_clip(clip, clip, clip)
    assert scores["ms2r"].max() == 0.0
    assert scores["biswe"].max() < 3.0


def test_flicker_is_seen_by_the_warping_error_in_both_directions() -> None:
    clip = panned(frames=5)
    flickering = [np.clip(frame.astype(int) // 2 + 60 + 20 * (k % 2), 0, 255).astype(np.uint8) for k, frame in
                  enumerate(clip)]  # fmt: skip
    steady = [np.clip(frame.astype(int) // 2 + 60, 0, 255).astype(np.uint8) for frame in clip]
    flicker, calm = score_clip(flickering, clip, clip)["biswe"], score_clip(steady, clip, clip)["biswe"]
    # Twenty levels against the frame before and twenty against the one after: added, not averaged.
    assert (flicker - calm).mean() == pytest.approx(40, abs=8)


def test_a_jump_that_the_sources_do_not_make_is_seen_by_the_change_of_motion() -> None:
    clip = panned(frames=5)
    large = texture(0, (64, 100))
    offsets = [0, 2, 7, 6, 8]
    jumping = [np.ascontiguousarray(large[:, at : at + 80]) for at in offsets]
    calm, jump = score_clip(clip, clip, clip)["ms2r"], score_clip(jumping, clip, clip)["ms2r"]
    assert jump.min() > calm.max() + 0.5


def test_the_values_are_those_of_the_published_formulas_written_out_plainly() -> None:
    fused, visible, infrared = panned(0, 3), panned(1, 3, speed=1), panned(2, 3, speed=1)
    colour = [np.stack([frame, frame // 2, 255 - frame], axis=2) for frame in fused]
    found = score_clip(colour, visible, infrared)
    expected_error, expected_motion = plainly(colour, visible, infrared)
    assert found["biswe"][0] == pytest.approx(expected_error, rel=1e-4)
    assert found["ms2r"][0] == pytest.approx(expected_motion, rel=1e-5)


def plainly(fused: Clip, visible: Clip, infrared: Clip) -> tuple[float, float]:
    """BiSWE and MS2R pixel by pixel; bilinear sampling by scipy."""
    import cv2
    from scipy.ndimage import map_coordinates

    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in fused]
    height, width = grey[0].shape
    rows, columns = np.mgrid[:height, :width].astype(float)

    def sample(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
        return map_coordinates(image.astype(float), [rows + flow[..., 1], columns + flow[..., 0]], order=1,
                               mode="nearest")  # fmt: skip

    error = 0.0
    for other in (0, 2):
        counted = np.ones((height, width), dtype=bool)
        for source in (visible, infrared):
            there, back = dis_flow(source[1], source[other]), dis_flow(source[other], source[1])
            returned = np.stack([sample(back[..., axis], there) for axis in (0, 1)], axis=2)
            counted &= np.sqrt(((there + returned) ** 2).sum(axis=2)) < 1
            x, y = columns + there[..., 0], rows + there[..., 1]
            counted &= (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        moved = dis_flow(grey[1], grey[other])
        difference = np.mean([np.abs(fused[1][..., c] - sample(fused[other][..., c], moved)) for c in range(3)], axis=0)
        error += difference[counted].sum() / counted.sum()
    change = {name: dis_flow(clip[1], clip[2]) - dis_flow(clip[0], clip[1]) for name, clip in
              (("fused", grey), ("visible", visible), ("infrared", infrared))}  # fmt: skip
    motion = 0.5 * sum(float(np.abs(change["fused"] - change[name]).mean()) for name in ("visible", "infrared"))
    return error, motion


def test_where_the_sources_agree_nowhere_a_frame_is_undefined_and_not_perfect() -> None:
    clip, chaos = panned(frames=3), [np.random.default_rng(k).integers(0, 256, (64, 80)).astype(np.uint8) for k in
                                     range(3)]  # fmt: skip
    import diffif.metrics.temporal.consistency as consistency

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consistency, "OCCLUSION_PIXELS", 0.0)
        assert math.isnan(score_clip(clip, chaos, clip)["biswe"][0])


def test_clips_that_nothing_can_be_said_of_are_refused() -> None:
    with pytest.raises(ImageError, match="at least 3 frames"):
        score_clip(panned(frames=2), panned(frames=2), panned(frames=2))
    mixed = [*panned(frames=3), np.zeros((64, 90), dtype=np.uint8)]
    with pytest.raises(ImageError, match="must be of one size"):
        score_clip(mixed, mixed, mixed)
