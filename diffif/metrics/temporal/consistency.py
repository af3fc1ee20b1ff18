"""BiSWE and MS2R: does a fused video flicker, and does it move as its sources do? Formulas of VF-Bench (NeurIPS 2025).

Each is a value of three consecutive frames; a clip's is the mean over its inner frames. The formulas are the published
ones, with two choices of our own where the estimator is another: pixels that leave the picture are left out of BiSWE,
and where no pixel agrees in both sources a frame is undefined, not zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from diffif.metrics.temporal.flow import SMALLEST_SIDE, Estimator, Flow, agrees, get_flow, warp_back
from suite.errors import ImageError

OCCLUSION_PIXELS = 1.0
"""Largest disagreement of forward and backward flow of a source at which a pixel counts; VF-Bench's occ_threshold."""
FEWEST_FRAMES = 3
Frame = NDArray[np.uint8]
"""(H, W) or (H, W, 3) RGB, levels 0..255."""


@dataclass(frozen=True)
class Move:
    """Two neighbouring frames of one video and the flow between them in both directions."""

    first: Frame
    second: Frame
    forward: Flow
    backward: Flow


@dataclass(frozen=True)
class Moment:
    """One video around one frame: the move that led to it and the one that leads away."""

    before: Move
    after: Move


@dataclass(frozen=True)
class FrameTriple:
    """The same three frames fused, visible and infrared."""

    fused: Moment
    visible: Moment
    infrared: Moment


@dataclass(frozen=True, kw_only=True)
class TemporalMetric:
    """One metric of three consecutive frames."""

    name: str
    label: str
    """As the field prints it; tables add the flow estimator."""
    summary: str
    unit: str
    citation: str
    measure: Callable[[FrameTriple], float]
    """nan where undefined."""
    higher_is_better: bool = False
    value_range: tuple[float, float] = (0.0, math.inf)
    undefined: str = "never"


def self_warping_error(triple: FrameTriple) -> float:
    """BiSWE in grey levels: how far the frame is from its two neighbours once they are moved onto it; both added.

    The movement is that of the fused video; where it counts is decided by the sources: forward and backward flow of
    both agree. Channels are averaged.
    """
    total = 0.0
    for current, neighbour, moved, masks in (
        _directed(triple, before=True),
        _directed(triple, before=False),
    ):
        mask = masks[0] & masks[1]
        if not mask.any():
            return math.nan
        difference = np.abs(current.astype(np.float32) - warp_back(neighbour.astype(np.float32), moved))
        per_pixel = difference.mean(axis=2) if difference.ndim == 3 else difference
        total += float(per_pixel[mask].mean(dtype=np.float64))
    return total


def motion_smoothness(triple: FrameTriple) -> float:
    """MS2R in pixels: how differently the fused video accelerates from its sources; mean over both."""
    values = []
    for source in (triple.visible, triple.infrared):
        difference = _acceleration(triple.fused) - _acceleration(source)
        values.append(float(np.abs(difference).mean(dtype=np.float64)))
    return sum(values) / 2


BISWE = TemporalMetric(
    name="biswe",
    label="BiSWE",
    summary="self-warping error of the fused video in both directions: flicker",
    unit="grey levels",
    citation="VF-Bench (Zhao et al.), NeurIPS 2025",
    measure=self_warping_error,
    undefined="no pixel's forward and backward flow agree in both sources",
)
MS2R = TemporalMetric(
    name="ms2r",
    label="MS2R",
    summary="change of motion of the fused video against that of both sources",
    unit="pixels",
    citation="VF-Bench (Zhao et al.), NeurIPS 2025",
    measure=motion_smoothness,
)
TEMPORAL_METRICS: Mapping[str, TemporalMetric] = {metric.name: metric for metric in (BISWE, MS2R)}


def score_clip(
    fused: Iterable[Frame], visible: Iterable[Frame], infrared: Iterable[Frame], *, flow: str = "dis"
) -> dict[str, NDArray[np.float64]]:
    """Every temporal metric at every inner frame of one clip; three frames at a time are held.

    Args:
        fused: Frames in order, (H, W) or (H, W, 3) RGB uint8.
        visible: Likewise.
        infrared: Likewise.
        flow: Name of the estimator.

    Returns:
        Name -> (N - 2,) values of the frames from the second to the last but one; nan where undefined.

    Raises:
        ImageError: fewer than three frames, frames of two sizes, or too small ones.
        UnknownName: no such estimator.
    """
    estimator = get_flow(flow)
    found: dict[str, list[float]] = {name: [] for name in TEMPORAL_METRICS}
    streams = (_moments(stream, estimator) for stream in (fused, visible, infrared))
    for moments in zip(*streams, strict=True):
        triple = FrameTriple(*moments)
        for name, metric in TEMPORAL_METRICS.items():
            found[name].append(metric.measure(triple))
    if not found[BISWE.name]:
        raise ImageError(f"a clip needs at least {FEWEST_FRAMES} frames; with fewer nothing can be consistent.")
    return {name: np.array(values) for name, values in found.items()}


def _moments(frames: Iterable[Frame], estimator: Estimator) -> Iterator[Moment]:
    return (Moment(*moves) for moves in pairwise(_moves(frames, estimator)))


def _moves(frames: Iterable[Frame], estimator: Estimator) -> Iterator[Move]:
    for first, second in pairwise(frames):
        if first.shape != second.shape or min(first.shape[:2]) < SMALLEST_SIDE:
            raise ImageError(
                f"frames of {first.shape[:2]} and {second.shape[:2]} (H, W): those of a clip must be of one size, at "
                f"least {SMALLEST_SIDE} pixels high and wide."
            )
        one, two = _grey(first), _grey(second)
        yield Move(first, second, estimator(one, two), estimator(two, one))


def _grey(frame: Frame) -> Frame:
    return frame if frame.ndim == 2 else np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _directed(triple: FrameTriple, *, before: bool) -> tuple[Frame, Frame, Flow, list[NDArray[np.bool_]]]:
    """Current frame, neighbour, flow of the fused video from the current one to it, and where each source agrees."""
    fused = triple.fused
    sources = (triple.visible, triple.infrared)
    if before:
        masks = [agrees(one.before.backward, one.before.forward, OCCLUSION_PIXELS) for one in sources]
        return fused.before.second, fused.before.first, fused.before.backward, masks
    masks = [agrees(one.after.forward, one.after.backward, OCCLUSION_PIXELS) for one in sources]
    return fused.after.first, fused.after.second, fused.after.forward, masks


def _acceleration(moment: Moment) -> Flow:
    return moment.after.forward - moment.before.forward
