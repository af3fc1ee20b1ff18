"""What the two cameras make of a scene: exposure, noise, glare, compression; optics, gain control, fixed pattern.

Stored visible values are the square root of linear light: close to sRGB's curve, and cheap.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.canvas import SUPERSAMPLING, Floats
from datasets.synthetic.settings import SensorSettings

AMBIENT_GREY = (0.24, 0.36)
"""Range of the infrared grey level of things at ambient temperature (gain control differs by scene)."""


def expose_visible(
    reflectance: Floats,
    glow: Floats,
    light: Floats,
    sensor: SensorSettings,
    *,
    night: bool,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """The visible camera's picture, (H, W, 3) RGB.

    Args:
        reflectance: Display-referred, supersampled (H', W', 3).
        glow: Linear light given off, same shape.
        light: Linear illumination, (H, W).
        sensor: How good the camera is.
        night: Warm light, more gain and noise.
        rng: Noise and compression.
    """
    tint = np.array((1.0, 0.86, 0.66) if night else (1.0, 0.99, 0.96), np.float32)
    height, width = light.shape
    emitted = cv2.resize(glow, (width, height), interpolation=cv2.INTER_AREA)
    linear = cv2.resize(np.square(reflectance), (width, height), interpolation=cv2.INTER_AREA)
    linear = linear * (light[..., None] * tint) + emitted
    if sensor.glare > 0:
        linear = linear + sensor.glare * _halo(emitted)
    linear = cv2.GaussianBlur(linear, (0, 0), 0.5) * _vignette(height, width, sensor.vignetting)[..., None]
    gain = sensor.night_gain if night else 1.0
    stored = np.sqrt(np.clip(linear, 0.0, None))
    noise = rng.standard_normal(stored.shape, np.float32) * (sensor.visible_noise * gain)
    image = np.clip(stored + noise, 0.0, 1.0)
    low, high = sensor.jpeg_quality
    return _compress(np.asarray(np.rint(image * 255.0), np.uint8), int(rng.integers(low, high + 1)))


def expose_infrared(warmth: Floats, sensor: SensorSettings, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The infrared camera's picture, (H, W).

    Args:
        warmth: Kelvin above ambient, supersampled (H', W').
        sensor: How good the camera is.
        rng: Noise and gain control.
    """
    height, width = warmth.shape[0] // SUPERSAMPLING, warmth.shape[1] // SUPERSAMPLING
    kelvin = cv2.resize(warmth, (width, height), interpolation=cv2.INTER_AREA)
    blur = sensor.infrared_blur * height * rng.uniform(0.8, 1.3)
    if blur > 0.05:
        kelvin = cv2.GaussianBlur(kelvin, (0, 0), blur)
    kelvin = kelvin + rng.standard_normal((1, width), np.float32) * sensor.fixed_pattern
    kelvin = kelvin + rng.standard_normal((height, width), np.float32) * sensor.infrared_noise
    span, level = rng.uniform(*sensor.infrared_span), rng.uniform(*AMBIENT_GREY)
    corners = 1.0 - _vignette(height, width, 1.0)
    grey = np.clip(level + kelvin / span + 0.06 * corners * rng.uniform(-1, 1), 0.0, 1.0)
    inverted = sensor.polarity == "black-hot" or (sensor.polarity == "mixed" and rng.random() < 0.5)
    return np.asarray(np.rint((1.0 - grey if inverted else grey) * 255.0), np.uint8)


def _halo(glow: NDArray[Any]) -> Floats:
    """Light scattered in the lens: a narrow and a wide halo, on a small grid since both are smooth."""
    height, width = glow.shape[:2]
    small = cv2.resize(glow, (max(width // 4, 1), max(height // 4, 1)), interpolation=cv2.INTER_AREA)
    spread = height / 256.0
    halo = 0.30 * cv2.GaussianBlur(small, (0, 0), 1.0 * spread) + 0.22 * cv2.GaussianBlur(small, (0, 0), 4.0 * spread)
    return np.asarray(cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _vignette(height: int, width: int, strength: float) -> Floats:
    """1 in the centre, 1 - strength in the corners."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return np.asarray(1.0 - strength * np.square(0.5 * (x * x + y * y)), np.float32)


def _compress(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The artefacts of JPEG at that quality."""
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded: Any = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
