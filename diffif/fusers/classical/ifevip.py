"""IFEVIP: the infrared image's bright features, found against a smooth background, are added to the visible image.

The background is the darkest level of quadtree blocks, interpolated with bicubic Bezier patches.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.filters import gaussian_filter

# The authors' settings: working size, smallest block, and how much the brightest features may exceed white.
WORKING_SIZE, SMALLEST_BLOCK, SPLIT_RANGE = 512, 32, 0.2
SMOOTHING_RADIUS, SMOOTHING_SIGMA = 4, 4.5
BRIGHTEST_SHARE, LARGEST_RATIO = 0.001, 0.8
BEZIER = np.array([[-1, 3, -3, 1], [3, -6, 3, 0], [-3, 3, 0, 0], [1, 0, 0, 0]], dtype=np.float64)

Image = NDArray[np.float64]


def background(infrared: Image) -> Image:
    """The infrared image without its bright features, same size, in grey levels."""
    small: Image = np.clip(_resize(infrared, WORKING_SIZE, WORKING_SIZE), 0, 255)
    eroded = cv2.erode(small, np.ones((SMALLEST_BLOCK, SMALLEST_BLOCK)))
    darkest: Image = np.pad(eroded, ((0, 1), (0, 1)), mode="edge").astype(np.float64)
    result = np.zeros_like(darkest)
    blocks = _quadtree(small)
    for side, top, left in sorted(blocks, reverse=True):
        window = (slice(top, top + side + 1), slice(left, left + side + 1))
        result[window] = _bezier_patch(darkest[window])
    return _resize(result[:-1, :-1], *infrared.shape)


def _resize(image: Image, height: int, width: int) -> Image:
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float64)


def _quadtree(image: Image) -> list[tuple[int, int, int]]:
    """(side, top, left) of blocks whose grey levels span less than the split range, or that are smallest."""
    blocks, waiting = [], [(image.shape[0], 0, 0)]
    while waiting:
        side, top, left = waiting.pop()
        block = image[top : top + side, left : left + side]
        if side > SMALLEST_BLOCK and np.ptp(block) > SPLIT_RANGE * 255:
            half = side // 2
            waiting += [(half, top + row, left + column) for row in (0, half) for column in (0, half)]
        else:
            blocks.append((side, top, left))
    return blocks


def _bezier_patch(block: Image) -> Image:
    """The bicubic Bezier surface over 4x4 control points of a square block."""
    side = block.shape[0]
    quarter = (side - 1) // 4
    points = np.array([0, 2 * quarter - 1, 3 * quarter - 1, 4 * quarter])
    u = np.linspace(0, 1, side)
    powers = np.stack([u**3, u**2, u, np.ones_like(u)], axis=1)
    return np.asarray(powers @ BEZIER @ block[np.ix_(points, points)] @ BEZIER.T @ powers.T)


def entropy(image: Image) -> float:
    """Shannon entropy of 8-bit grey levels, in bits."""
    counts = np.bincount(np.clip(np.rint(image), 0, 255).astype(np.int64).ravel(), minlength=256)
    shares = counts[counts > 0] / image.size
    return float(-(shares * np.log2(shares)).sum())


class IFEVIP(Fuser):
    """Infrared feature extraction and visual information preservation."""

    name = "ifevip"
    label = "IFEVIP"
    kind = "classical"
    paper = (
        "Zhang et al., Infrared and visual image fusion through infrared feature extraction and visual information "
        "preservation, Infrared Physics & Technology 83, 2017"
    )
    tileable = False
    batched = False

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        visible_grey, infrared_grey = (255.0 * image[0, 0].double().cpu().numpy() for image in (y, infrared))
        smooth = torch.from_numpy(background(infrared_grey))[None, None]
        smooth_grey = gaussian_filter(smooth, SMOOTHING_SIGMA, SMOOTHING_RADIUS)[0, 0].numpy()
        feature = np.clip(infrared_grey - np.clip(smooth_grey, 0, 255), 0, None)
        visible_entropy = entropy(visible_grey)
        # A visible image of one grey level says nothing; the infrared difference is then added as it is.
        share = entropy(infrared_grey) / visible_entropy if visible_entropy > 0 else 1.0
        added = np.clip(feature + (infrared_grey - visible_grey) * share, 0, None)
        brightest = np.sort((added + visible_grey).ravel())[-max(round(BRIGHTEST_SHARE * added.size), 1) :]
        ratio = min(255 / max(float(brightest.mean()), 1.0), LARGEST_RATIO)
        fused = visible_grey + np.clip(added * ratio, 0, 255)
        return torch.from_numpy(fused / 255)[None, None].to(y)
