"""Two images of one field of view and two resolutions, brought to one size, which the user states."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.reading import SAME_SIZE, parse_resize

ASPECT_TOLERANCE = 0.02
"""Relative difference of the ratios of sides up to which two images may show one field of view."""


def explain_sizes(vi: tuple[int, ...], infrared: Path, ir: tuple[int, ...]) -> str:
    """Why a pair of two sizes is refused, and what helps."""
    aspects = vi[1] / vi[0], ir[1] / ir[0]
    view = ""
    if abs(aspects[0] / aspects[1] - 1) > ASPECT_TOLERANCE:
        view = (
            f" Their shapes differ ({aspects[0]:.2f} and {aspects[1]:.2f} as wide as high), so they do not show the "
            "same field of view: register them first."
        )
    return (
        f"visible is {vi[0]}x{vi[1]} (HxW), infrared {infrared} is {ir[0]}x{ir[1]}. Pairs must be registered and of "
        f"one size. If they show the same field of view: --resize infrared, --resize visible or --resize "
        f"{ir[1]}x{ir[0]} (WxH).{view}"
    )


def resize_levels(levels: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Levels (H, W) or (H, W, 3) at another (H, W): averaged where it shrinks, bilinear where it grows."""
    height, width = levels.shape[:2]
    if (height, width) == size:
        return levels
    smaller = size[0] <= height and size[1] <= width
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    resized = cv2.resize(levels, (size[1], size[0]), interpolation=way)
    return np.ascontiguousarray(np.clip(resized, 0.0, 1.0), dtype=np.float32)


def common_size(vi: tuple[int, ...], ir: tuple[int, ...], resize: str) -> tuple[int, int] | None:
    """(H, W) that a pair of files of these sizes is brought to; None where they are left as they are."""
    if resize == SAME_SIZE:
        return None
    chosen = parse_resize(resize) or (ir if resize == "infrared" else vi)
    return chosen[0], chosen[1]
