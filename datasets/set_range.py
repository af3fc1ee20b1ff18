"""One range of levels for a whole set of files, so that equal temperatures stay equal from image to image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from datasets.reading import HIGH_PERCENTILE, LOW_PERCENTILE, MIN_MAX, Channels, parse_range
from suite.errors import ImageError

SAMPLES_PER_IMAGE = 4096
"""Pixels of each image, on a regular grid, that percentiles of the set are taken of."""


def find_set_range(files: Sequence[Path], rule: str, channels: Channels, *, infrared: bool) -> str:
    """The rule for single files that gives all of them the range of the set: LOW,HIGH, or the rule itself if stated.

    Args:
        files: The files of one modality.
        rule: stored, percentile, min-max or LOW,HIGH.
        channels: What a fourth channel is.
        infrared: With channels "rgbt": the fourth channel counts instead of the first three.

    Raises:
        ImageError: a file cannot be read.
    """
    import numpy as np

    from datasets.decoding import leave_fourth_out, read_stored

    if rule == "stored" or parse_range(rule) is not None:
        return rule
    lowest, highest, pool = np.inf, -np.inf, []
    for file in files:
        pixels = read_stored(file)
        if channels == "rgbt" and pixels.ndim == 3 and pixels.shape[2] == 4:
            pixels = pixels[..., 3] if infrared else pixels[..., :3]
        values = leave_fourth_out(pixels, channels, file).reshape(-1)
        if not np.isfinite(values).all():
            raise ImageError(f"{file}: pixels that are no finite numbers; fill them, or leave the pair out.")
        lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
        pool.append(values[:: max(1, values.size // SAMPLES_PER_IMAGE)].astype(np.float64))
    if rule != MIN_MAX:
        found = np.percentile(np.concatenate(pool), (LOW_PERCENTILE, HIGH_PERCENTILE))
        lowest, highest = float(found[0]), float(found[1])
    if lowest >= highest:
        raise ImageError(f"all {len(files)} files hold one value ({lowest:g}): no range can be taken from them.")
    return f"{lowest:.9g},{highest:.9g}"
