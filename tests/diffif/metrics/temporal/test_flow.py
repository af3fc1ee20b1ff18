"""Flow of pictures whose movement is known, and what is made of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from diffif.metrics.temporal.flow import FLOWS, agrees, get_flow, inside, warp_back
from suite.errors import UnknownName


def texture(seed: int = 0, size: tuple[int, int] = (72, 96)) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


@pytest.mark.parametrize("name", FLOWS)
def test_an_estimator_finds_a_known_translation(name: str) -> None:
    large = texture(size=(92, 116))
    first, second = large[10:82, 10:106], large[7:79, 6:102]
    flow = get_flow(name)(np.ascontiguousarray(first), np.ascontiguousarray(second))
    middle = flow[15:-15, 15:-15]
    assert flow.shape == (72, 96, 2)
    assert np.abs(middle - np.array([4.0, 3.0])).mean() < 0.2


def test_warping_back_by_the_true_movement_gives_the_first_frame() -> None:
    large = texture(size=(92, 116)).astype(np.float32)
    first, second = large[10:82, 10:106], large[7:79, 6:102]
    flow = np.broadcast_to(np.float32([4, 3]), (72, 96, 2)).copy()
    seen = inside(flow)
    np.testing.assert_allclose(warp_back(second, flow)[seen], first[seen], atol=1e-3)
    assert seen.sum() == (72 - 3) * (96 - 4)


def test_two_directions_agree_only_where_a_pixel_comes_back() -> None:
    forward = np.zeros((40, 40, 2), dtype=np.float32)
    forward[..., 0] = 2.0
    backward = -forward
    backward[:, 20:, 0] = 1.0
    found = agrees(forward, backward, 1.0)
    assert found[:, :17].all()
    assert not found[:, 18:].any()


def test_an_unknown_estimator_is_named() -> None:
    with pytest.raises(UnknownName, match=r"unknown flow estimator 'diss'\. Did you mean 'dis'"):
        get_flow("diss")
