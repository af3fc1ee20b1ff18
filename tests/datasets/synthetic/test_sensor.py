"""What each number of the two cameras does to a scene of which everything else is known."""

from __future__ import annotations

import numpy as np
import pytest

from datasets.synthetic.canvas import SUPERSAMPLING, Floats
from datasets.synthetic.sensor import expose_infrared, expose_visible
from datasets.synthetic.settings import SensorSettings

HEIGHT, WIDTH = 120, 160
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""JPEG stores colour at half the size, and with it the noise of the colours; luma is kept."""
CLEAN = {"visible_noise": 0.0, "vignetting": 0.0, "jpeg_quality": (100, 100)}
STILL = {"infrared_noise": 0.0, "fixed_pattern": 0.0, "infrared_blur": 0.0, "infrared_span": (20.0, 20.0)}


def large(values: Floats) -> Floats:
    return values.repeat(SUPERSAMPLING, axis=0).repeat(SUPERSAMPLING, axis=1)


def seen(*, night: bool = False, lamp: bool = False, **chosen: object) -> Floats:
    """Luma of a grey wall, or of a small lamp in the dark."""
    wall, glow = np.full((HEIGHT, WIDTH, 3), 0.0 if lamp else 0.5, np.float32), np.zeros((HEIGHT, WIDTH, 3), np.float32)
    if lamp:
        glow[58:62, 78:82] = 1.0
    sensor = SensorSettings(**{**CLEAN, **chosen})  # type: ignore[arg-type]
    light = np.ones((HEIGHT, WIDTH), np.float32)
    image = expose_visible(large(wall), large(glow), light, sensor, night=night, rng=np.random.default_rng(0))
    return image.astype(np.float32) @ LUMA


def felt(**chosen: object) -> Floats:
    """Two halves, four kelvin apart."""
    warmth = np.zeros((HEIGHT, WIDTH), np.float32)
    warmth[:, WIDTH // 2 :] = 4.0
    sensor = SensorSettings(**{**STILL, **chosen})  # type: ignore[arg-type]
    return expose_infrared(large(warmth), sensor, rng=np.random.default_rng(0)).astype(np.float32)


def step(image: Floats) -> float:
    """Grey levels between the halves, next to their border."""
    return float(image[:, WIDTH // 2 + 4].mean() - image[:, WIDTH // 2 - 5].mean())


def test_read_noise_is_a_share_of_full_scale_and_night_multiplies_it() -> None:
    assert seen().std() < 0.5
    day, night = seen(visible_noise=0.04).std(), seen(visible_noise=0.04, night=True, night_gain=3.0).std()
    assert day == pytest.approx(0.04 * 255 * np.linalg.norm(LUMA), rel=0.1)
    assert night / day == pytest.approx(3.0, rel=0.1)


def test_corners_lose_the_share_of_light_that_vignetting_says() -> None:
    # Stored values are the root of the light.
    even, dark = seen(), seen(vignetting=0.5)
    assert even[:4, :4].mean() == pytest.approx(even[60, 80], abs=1)
    assert (dark[:4, :4].mean() / dark[60, 80]) ** 2 == pytest.approx(0.5, abs=0.08)


def test_glare_is_light_beside_the_lamp() -> None:
    beside = [float(seen(lamp=True, glare=strength)[50:54, 78:82].mean()) for strength in (0.0, 0.5, 2.0)]
    assert beside[0] < 2 < beside[1] < beside[2]


def test_a_kelvin_is_as_many_grey_levels_as_the_span_says() -> None:
    assert step(felt()) == pytest.approx(4 / 20 * 255, abs=2)
    assert step(felt(infrared_span=(40.0, 40.0))) == pytest.approx(4 / 40 * 255, abs=2)


def test_infrared_noise_and_column_pattern_have_the_spread_in_kelvin_that_is_asked_for() -> None:
    noisy, striped = (felt(**{name: 0.5}) - felt() for name in ("infrared_noise", "fixed_pattern"))
    for difference in (noisy, striped):
        assert difference.std() == pytest.approx(0.5 / 20 * 255, rel=0.15)
    assert np.abs(striped - striped.mean(axis=0)).max() < 1.5
    assert noisy.mean(axis=0).std() < 0.2 * noisy.std()


def test_blur_of_the_infrared_optics_is_a_share_of_the_height() -> None:
    sharp, soft, softer = (step(felt(infrared_blur=blur)) for blur in (0.0, 0.05, 0.2))
    assert sharp > 1.2 * soft > 1.5 * softer > 0
