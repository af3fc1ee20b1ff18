"""From the levels that a file stores to [0, 1]: the whole range of its type, or a range that the user states.

Thermal cameras store counts or degrees in a narrow band of a wide type. Divided by the largest value of the type they
become a flat grey image, every fuser returns the visible one, and every score is wrong without a word. Such files are
refused until a range is stated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.reading import HIGH_PERCENTILE, LOW_PERCENTILE, MIN_MAX, PERCENTILE, STORED, parse_range
from suite.errors import ImageError

SMALLEST_SHARE = 0.25
"""Share of a 16-bit type that a file must use to be read as it is; 14-bit counts in 16 bits just fail."""
MOST_SAMPLES = 1_000_000
"""Pixels that percentiles are taken of; larger images are sampled on a regular grid."""

Pixels = NDArray[Any]


def scale_levels(pixels: Pixels, rule: str, path: Path, option: str) -> NDArray[np.float32]:
    """Levels in [0, 1], float32, of the same shape; all channels share one range.

    Args:
        pixels: As stored: integers or floats.
        rule: stored, percentile, min-max or LOW,HIGH.
        path: The file, for messages.
        option: The option that states the rule, for messages.

    Raises:
        ImageError: values that are no finite numbers, or a file that needs a range and has none.
    """
    _refuse_not_finite(pixels, path)
    if rule == STORED:
        return _scale_stored(pixels, path, option)
    low, high = parse_range(rule, option) or find_range(pixels, rule)
    if high <= low:
        # One value everywhere: nothing can be stretched. Mid-grey would invent a level, black does not.
        return np.zeros(pixels.shape, dtype=np.float32)
    scaled = (pixels.astype(np.float64) - low) / (high - low)
    return np.clip(scaled, 0.0, 1.0).astype(np.float32)


def find_range(pixels: Pixels, rule: str) -> tuple[float, float]:
    """(low, high) of percentile or min-max, in the file's own values."""
    if rule == MIN_MAX:
        return float(pixels.min()), float(pixels.max())
    assert rule == PERCENTILE
    step = max(1, -(-pixels.size // MOST_SAMPLES))
    low, high = np.percentile(pixels.reshape(-1)[::step], (LOW_PERCENTILE, HIGH_PERCENTILE))
    return float(low), float(high)


def _scale_stored(pixels: Pixels, path: Path, option: str) -> NDArray[np.float32]:
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float32) / np.float32(255)
    if pixels.dtype == np.uint16:
        low, high = find_range(pixels, PERCENTILE)
        # An image of one value has nothing to lose; `check` remarks on it.
        if (high - low) / 65535 < SMALLEST_SHARE and pixels.min() < pixels.max():
            raise ImageError(_explain(pixels, path, option, f"use {(high - low) / 65535:.1%} of the 16-bit range"))
        return np.asarray(np.round(pixels / 257.0) / 255.0, dtype=np.float32)
    raise ImageError(_explain(pixels, path, option, f"are {pixels.dtype}, which has no natural black and white"))


def _explain(pixels: Pixels, path: Path, option: str, why: str) -> str:
    low, high = float(pixels.min()), float(pixels.max())
    as_they_are = "0,65535 takes them as they are" if pixels.dtype == np.uint16 else f"{low:g},{high:g} is this file's"
    return (
        f"{path} holds values from {low:g} to {high:g}, which {why}: read without a range the image would be flat. "
        f"State the range: {option} {PERCENTILE}, {option} {MIN_MAX}, or {option} LOW,HIGH ({as_they_are})."
    )


def _refuse_not_finite(pixels: Pixels, path: Path) -> None:
    if pixels.dtype.kind != "f":
        return
    wrong = int(pixels.size - np.isfinite(pixels).sum())
    if wrong:
        raise ImageError(
            f"{path}: {wrong} of {pixels.size} pixels are no finite numbers. Fill them before (with the image's "
            "smallest value, for example), or leave the pair out."
        )
