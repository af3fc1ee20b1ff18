"""The pixels of corrupted sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from datasets.corruptions.condition import parse_conditions
from datasets.corruptions.operations import corrupt
from datasets.images import read_sample
from suite.errors import ImageError
from tests.conftest import MakeLabelledPairs

Levels = NDArray[np.float32]


@pytest.fixture
def image() -> Levels:
    return np.random.default_rng(0).uniform(0.3, 0.7, (40, 60, 3)).astype(np.float32)


def under(word: str, image: Levels, sample_id: str = "000001", source: str = "", seed: int = 0) -> Levels:
    (condition,) = parse_conditions([word], seed)
    return corrupt(image, source or condition.steps[0].source.replace("both", "visible"), sample_id, condition)


def test_a_whole_shift_moves_pixels_to_one_of_the_four_sides_without_blurring_them(image: Levels) -> None:
    sides = []
    for number in range(24):
        moved = under("shift:4", image, f"{number:06d}")
        pairs = [
            (moved[:, 4:], image[:, :-4]),
            (moved[:, :-4], image[:, 4:]),
            (moved[4:], image[:-4]),
            (moved[:-4], image[4:]),
        ]
        sides += [side for side, (after, before) in enumerate(pairs) if np.array_equal(after, before)]
    assert len(sides) == 24
    assert set(sides) == {0, 1, 2, 3}


def test_a_shift_goes_to_the_same_side_at_every_severity(image: Levels) -> None:
    for number in range(8):
        one, two = under("shift:1", image, str(number)), under("shift:2", image, str(number))
        again = [np.roll(one, step, axis) for axis in (0, 1) for step in (-1, 1)]
        assert any(np.array_equal(rolled[3:-3, 3:-3], two[3:-3, 3:-3]) for rolled in again)


def test_a_shift_as_wide_as_the_image_is_refused(image: Levels) -> None:
    with pytest.raises(ImageError, match="40 pixels leaves nothing of an image of 40x60"):
        under("shift:40", image)


def test_noise_has_the_stated_deviation_and_is_one_pattern_at_every_severity(image: Levels) -> None:
    weak, strong = under("noise:5", image) - image, under("noise:10", image) - image
    assert weak.std() * 255 == pytest.approx(5, rel=0.05)
    np.testing.assert_allclose(strong, 2 * weak, atol=1e-6)


def test_stripes_are_one_offset_per_column(image: Levels) -> None:
    offsets = under("stripe:0.05", image) - image
    np.testing.assert_allclose(offsets, np.broadcast_to(offsets[:1, :, :1], offsets.shape), atol=1e-6)
    assert offsets[0, :, 0].std() == pytest.approx(0.05, rel=0.25)


def test_dark_leaves_the_stated_share_of_the_levels(image: Levels) -> None:
    np.testing.assert_allclose(under("dark:0.4", image), 0.6 * image, rtol=1e-6)


def test_blur_is_that_of_scipy(image: Levels) -> None:
    from scipy.ndimage import gaussian_filter

    # OpenCV cuts the kernel off at about three deviations where scipy is told to go on to four.
    expected = gaussian_filter(image, (2, 2, 0), mode="mirror")
    np.testing.assert_allclose(under("blur:2", image), expected, atol=2e-3)


def test_draws_follow_the_seed_the_image_and_the_source_alone(image: Levels) -> None:
    first = under("noise:10", image)
    assert np.array_equal(first, under("noise:10", image))
    assert not np.array_equal(first, under("noise:10", image, "000002"))
    assert not np.array_equal(first, under("noise:10", image, seed=1))
    assert not np.array_equal(first, under("noise:10", image, source="infrared"))


def test_levels_stay_between_black_and_white(image: Levels) -> None:
    harsh = under("noise:200", image)
    assert (harsh.min(), harsh.max()) == (0, 1)


def test_a_sample_is_read_under_its_condition_and_only_the_named_source_changes(
    make_labelled_pairs: MakeLabelledPairs,
) -> None:
    (condition,) = parse_conditions(["infrared.shift:2"])
    clean = make_labelled_pairs(1)[0]
    sample = replace(clean, condition=condition)
    (visible, infrared), (visible_clean, infrared_clean) = read_sample(sample), read_sample(clean)
    assert torch.equal(visible, visible_clean)
    assert infrared.shape == infrared_clean.shape
    assert not torch.equal(infrared, infrared_clean)
    assert sample.clean == clean
    assert sample.digest != clean.digest
