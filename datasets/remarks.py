"""What the pixels of a pair show that explains undefined or odd scores later: remarks, not problems."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.base import Boxes, Sample
from datasets.problems import Remark, RemarkKind
from datasets.registration import estimate_shift

SMALLEST_SIDE = 41
"""VIF takes four scales with windows of 17 pixels, 41 pixels at least; no default metric needs more."""
GREATEST_TINT = 12 / 255
"""Mean difference between the highest and the lowest channel up to which a colour file is grey with JPEG noise."""
NARROW_BAND = 24 / 255
"""Range of levels below which an infrared image is hardly more than flat."""
BAND = (0.1, 99.9)
"""Percentiles that the range is taken between: a few hot objects on a cold ground are contrast, a dead pixel is not."""
MOST_BOXES = 1000

Levels = NDArray[np.float32]


def remark_on_pair(sample: Sample, visible: Levels, infrared: Levels) -> list[Remark]:
    """Remarks on one pair.

    Args:
        sample: The pair with its label.
        visible: Levels in [0, 1], (H, W) or (H, W, 3), as they are fused.
        infrared: Likewise, before colour becomes grey.
    """
    found = remark_on_sources(sample, visible, infrared)
    alike = any(remark.kind == "identical modalities" for remark in found)
    if min(visible.shape[:2]) < SMALLEST_SIDE:
        detail = f"{visible.shape[0]}x{visible.shape[1]} (HxW), below {SMALLEST_SIDE}x{SMALLEST_SIDE}"
        found.append(Remark(kind="small image", id=sample.id, detail=detail))
    if isinstance(sample.target, Boxes) and len(sample.target) > MOST_BOXES:
        detail = f"{len(sample.target):,} boxes in one image"
        found.append(Remark(kind="many boxes", id=sample.id, detail=detail))
    shift = None if alike else estimate_shift(grey(visible), grey(infrared))
    if shift is not None and shift.remarkable:
        detail = f"infrared seems {shift.describe()} against visible"
        found.append(Remark(kind="unregistered pair", id=sample.id, detail=detail))
    return found


def remark_on_sources(sample: Sample, visible: Levels, infrared: Levels) -> list[Remark]:
    """Remarks that say that a source is probably not what it is taken for; quick enough for every image that is fused.

    Args:
        sample: The pair.
        visible: Levels in [0, 1], (H, W) or (H, W, 3).
        infrared: Likewise, before colour becomes grey.
    """
    found: list[Remark] = []

    def say(kind: RemarkKind, detail: str) -> None:
        found.append(Remark(kind=kind, id=sample.id, detail=detail))

    constant = False
    for path, levels in ((sample.visible, visible), (sample.infrared, infrared)):
        if levels.min() == levels.max():
            constant = True
            say("constant image", f"every pixel of {path} is {255 * float(levels.min()):.0f} of 255")
    tint = false_colours(infrared)
    if tint > GREATEST_TINT:
        say("false colours", f"{sample.infrared}: channels differ by {255 * tint:.0f} of 255 on average")
    grey_vi, grey_ir = grey(visible), grey(infrared)
    if grey_vi.shape == grey_ir.shape and np.abs(grey_vi - grey_ir).max() <= 1 / 255:
        say("identical modalities", f"{sample.visible} and {sample.infrared} show the same pixels")
    elif not constant:
        low, high = np.percentile(_few(grey_ir), BAND)
        if high - low < NARROW_BAND:
            band = f"levels {255 * low:.0f} to {255 * high:.0f} of 255, but for {100 - BAND[1]:g} % at either end"
            say("little contrast", f"{sample.infrared}: {band}")
    return found


def false_colours(levels: Levels) -> float:
    """How coloured an image is: mean difference between its highest and lowest channel, in [0, 1]."""
    if levels.ndim == 2:
        return 0.0
    few = _few(levels)
    return float((few.max(axis=2) - few.min(axis=2)).mean())


def grey(levels: Levels) -> Levels:
    """(H, W): luma, which is enough to compare contents; by OpenCV, ten times as fast as a mean over channels."""
    return levels if levels.ndim == 2 else np.asarray(cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _few(levels: Levels) -> Levels:
    # A regular grid of some 65,000 pixels says as much about colour and contrast as all of them.
    step = max(1, int(np.sqrt(levels.shape[0] * levels.shape[1] / 65536)))
    return levels[::step, ::step]
