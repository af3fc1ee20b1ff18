"""The pixels of corruptions: what `kinds` states, on arrays of levels in [0, 1].

Everything drawn depends on the seed, the image's id, the source and the kind, and not on the severity: one image is
shifted to the same side and gets the same noise pattern at every severity, so that a curve shows severity alone. What
belongs to the camera, a shift and its column pattern, is drawn once for a sequence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.corruptions.condition import Condition
from suite.errors import ImageError

Levels = NDArray[np.float32]
BORDER = cv2.BORDER_REFLECT_101
OF_THE_CAMERA = ("shift", "stripe")
"""Kinds that stay as they are from frame to frame."""
DIRECTIONS = ((0, -1), (0, 1), (-1, 0), (1, 0))
"""(down, right). Along an axis: a whole number of pixels then needs no interpolation, which would blur as well."""


def corrupt(levels: Levels, source: str, sample_id: str, condition: Condition, sequence: str = "") -> Levels:
    """One source under a condition.

    Args:
        levels: (H, W) or (H, W, 3), float32 in [0, 1].
        source: "visible" or "infrared".
        sample_id: Of the pair.
        condition: Steps for the other source are left out.
        sequence: The clip that the pair is a frame of, where it is one.

    Returns:
        A new array of the same shape, clipped to [0, 1].

    Raises:
        ImageError: a shift as wide as the image.
    """
    for step in condition.steps:
        if step.source in (source, "both"):
            drawn_for = sequence if sequence and step.kind in OF_THE_CAMERA else sample_id
            generator = np.random.default_rng(_entropy(condition.seed, drawn_for, source, step.kind))
            levels = np.clip(OPERATIONS[step.kind](levels, step.severity, generator), 0, 1, dtype=np.float32)
    return levels


def add_noise(levels: Levels, sigma: float, generator: np.random.Generator) -> Levels:
    """Gaussian noise; `sigma` in levels of 255."""
    return levels + np.float32(sigma / 255) * generator.standard_normal(levels.shape, dtype=np.float32)


def shift(levels: Levels, distance: float, generator: np.random.Generator) -> Levels:
    """Translation by `distance` pixels along an axis; cubic interpolation where it is no whole number."""
    down, right = DIRECTIONS[int(generator.integers(len(DIRECTIONS)))]
    height, width = levels.shape[:2]
    if distance >= min(height, width):
        raise ImageError(f"a shift of {distance:g} pixels leaves nothing of an image of {height}x{width} (HxW).")
    matrix = np.array([[1, 0, right * distance], [0, 1, down * distance]], dtype=np.float64)
    moved = cv2.warpAffine(levels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=BORDER)
    return np.asarray(moved, dtype=np.float32)


def add_stripes(levels: Levels, sigma: float, generator: np.random.Generator) -> Levels:
    """One Gaussian offset per column, the same in all channels; `sigma` is a share of full range."""
    offsets: Levels = np.float32(sigma) * generator.standard_normal((levels.shape[1],), dtype=np.float32)
    return levels + offsets.reshape(1, -1, *[1] * (levels.ndim - 2))


def blur(levels: Levels, sigma: float, generator: np.random.Generator) -> Levels:
    """Gaussian blur; `sigma` in pixels."""
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), sigma, borderType=BORDER), dtype=np.float32)


def darken(levels: Levels, share: float, generator: np.random.Generator) -> Levels:
    """All levels times 1 - `share`."""
    return levels * np.float32(1 - share)


OPERATIONS: dict[str, Callable[[Levels, float, np.random.Generator], Levels]] = {
    "noise": add_noise,
    "shift": shift,
    "stripe": add_stripes,
    "blur": blur,
    "dark": darken,
}


def _entropy(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:16], "big")
