"""Optical flow by named estimators, and what is done with it: warping back, and where two directions agree.

The estimator is a part of the definition: a value of BiSWE or MS2R says nothing without its name. VF-Bench uses
SEA-RAFT (spring, S), whose weights are not here; `dis` is OpenCV's DIS flow, preset medium, and comes with OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from suite.errors import UnknownName

Grey = NDArray[np.uint8]
"""(H, W), levels 0..255."""
Flow = NDArray[np.float32]
"""(H, W, 2): columns, then rows, by which each pixel of the first frame has moved in the second, in pixels."""
Estimator = Callable[[Grey, Grey], Flow]


def dis_flow(first: Grey, second: Grey) -> Flow:
    """Dense inverse search (Kroeger et al., ECCV 2016) as OpenCV has it, preset medium, from nothing known before."""
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = estimator.calc(first, second, None)  # type: ignore[call-overload]  # OpenCV's stubs forbid None here
    return np.asarray(found, dtype=np.float32)


FLOWS: dict[str, Estimator] = {"dis": dis_flow}
SMALLEST_SIDE = 32
"""Of a frame in pixels: below, DIS has no scale to begin with."""


def get_flow(name: str) -> Estimator:
    """The estimator of that name.

    Raises:
        UnknownName: there is none.
    """
    if name not in FLOWS:
        raise UnknownName("flow estimator", name, known=FLOWS)
    return FLOWS[name]


def warp_back(image: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    """The second frame, (H, W) or (H, W, C), seen from the first one: at each pixel what lies where it has moved to.

    Bilinear; what lies outside continues the border, and `inside` says where that is.
    """
    columns, rows = _targets(flow)
    warped = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.float32)


def inside(flow: Flow) -> NDArray[np.bool_]:
    """(H, W): whether a pixel is still in the picture after its movement."""
    columns, rows = _targets(flow)
    height, width = flow.shape[:2]
    return np.asarray((columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1))


def agrees(forward: Flow, backward: Flow, threshold: float) -> NDArray[np.bool_]:
    """(H, W): whether a pixel comes back to within `threshold` pixels of where it was, and was in the picture.

    Args:
        forward: From the first frame to the second.
        backward: From the second to the first.
        threshold: In pixels.
    """
    error = np.linalg.norm(forward + warp_back(backward, forward), axis=2)
    return np.asarray((error < threshold) & inside(forward))


def _targets(flow: Flow) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = flow.shape[:2]
    columns = np.arange(width, dtype=np.float32)[None, :] + flow[..., 0]
    rows = np.arange(height, dtype=np.float32)[:, None] + flow[..., 1]
    return columns, rows
