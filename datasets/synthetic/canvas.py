"""A supersampled picture in which everything known about a scene is painted at once, far to near.

Colour and temperature are painted by the same outlines as the labels, so the pair is registered and its labels fit to
the pixel. A part that one modality does not show is simply not painted there: whatever lies behind shows through, which
is what perfect camouflage looks like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.settings import EVIDENCE_IDS

Floats = NDArray[np.float32]
Outline = NDArray[np.float64]
Colour = tuple[float, float, float]

SUPERSAMPLING = 2
_HALF_TURN = np.linspace(-np.pi / 2, np.pi / 2, 6)
_SHIFT = 4
"""Fractional bits of OpenCV's polygon corners."""


@dataclass(frozen=True, eq=False)
class Part:
    """One painted outline: corners (N, 2) as x, y in output pixels; further outlines cut holes (even-odd rule)."""

    outlines: tuple[Outline, ...]
    rgb: Colour
    """Reflectance, display-referred, in [0, 1]."""
    warmth: float = 0.0
    """Kelvin above ambient."""
    glow: Colour | None = None
    """Light that it gives off itself, linear; None = none."""

    def moved(self, matrix: NDArray[np.float64], offset: tuple[float, float]) -> Part:
        """The part with every corner mapped by a 2x2 matrix and an offset."""
        return replace(self, outlines=tuple(o @ matrix.T + np.asarray(offset) for o in self.outlines))


Sprite = Sequence[Part]
"""Parts in painting order."""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """How a sprite is painted: where it shows, and what the labels say of it."""

    label: int | None = None
    """FMB class id; None leaves the labels as they are."""
    evidence: str = "none"
    instance: int = 0
    """1..255 for labelled objects, else 0."""
    visible: bool = True
    infrared: bool = True


class Canvas:
    """Reflectance, light given off, temperature and labels of a scene, supersampled.

    Args:
        height: Output height in pixels.
        width: Output width in pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        shape = (height * SUPERSAMPLING, width * SUPERSAMPLING)
        self.reflectance: Floats = np.zeros((*shape, 3), np.float32)
        self.glow: Floats = np.zeros((*shape, 3), np.float32)
        self.warmth: Floats = np.zeros(shape, np.float32)
        self.labels: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self.evidence: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self.instances: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self._glowing = False
        self._counting = False

    def paint(self, sprite: Sprite, stamp: Stamp) -> None:
        """Paint the parts in order, each covering what lies under it."""
        for part in sprite:
            corners = [_fixed_point(outline) for outline in part.outlines]
            if stamp.visible:
                cv2.fillPoly(self.reflectance, corners, part.rgb, shift=_SHIFT)
                if part.glow is not None or self._glowing:
                    cv2.fillPoly(self.glow, corners, part.glow or (0.0, 0.0, 0.0), shift=_SHIFT)
                    self._glowing = True
            if stamp.infrared:
                cv2.fillPoly(self.warmth, corners, part.warmth, shift=_SHIFT)
            if stamp.label is not None:
                cv2.fillPoly(self.labels, corners, stamp.label, shift=_SHIFT)
                # Until the first object there is nothing to cover in these two.
                self._counting |= stamp.instance > 0
                if self._counting:
                    cv2.fillPoly(self.evidence, corners, EVIDENCE_IDS[stamp.evidence], shift=_SHIFT)
                    cv2.fillPoly(self.instances, corners, stamp.instance, shift=_SHIFT)

    def silhouette(self, sprite: Sprite) -> tuple[tuple[slice, slice], NDArray[np.bool_]] | None:
        """The window that the sprite covers and its mask in there (supersampled), or None where it is outside."""
        left, top, right, bottom = (v * SUPERSAMPLING for v in extent(sprite))
        x0, y0 = max(int(left) - 1, 0), max(int(top) - 1, 0)
        x1, y1 = min(int(right) + 2, self.warmth.shape[1]), min(int(bottom) + 2, self.warmth.shape[0])
        if x1 <= x0 or y1 <= y0:
            return None
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for part in sprite:
            corners = [_fixed_point(outline - np.array([x0, y0]) / SUPERSAMPLING) for outline in part.outlines]
            cv2.fillPoly(mask, corners, 1, shift=_SHIFT)
        return (slice(y0, y1), slice(x0, x1)), mask.astype(bool)

    def tint(self, sprite: Sprite, *, light: float = 1.0, warmth: float = 0.0) -> None:
        """Multiply the reflectance under the sprite and add kelvin to its temperature, without covering anything."""
        found = self.silhouette(sprite)
        if found is None:
            return
        window, mask = found
        if light != 1.0:
            self.reflectance[window][mask] *= light
            self.glow[window][mask] *= light
        if warmth != 0.0:
            self.warmth[window][mask] += warmth

    def roughen(self, sprite: Sprite, factors: Floats) -> None:
        """Multiply the reflectance under the sprite by a texture of the size of the canvas."""
        found = self.silhouette(sprite)
        if found is None:
            return
        window, mask = found
        gradient = np.where(mask, factors[window], 1.0)[..., None]
        self.reflectance[window] = np.minimum(self.reflectance[window] * gradient, 1.0)

    def model(self, sprite: Sprite, *, side: float) -> None:
        """Give a flat sprite some volume: lighter towards one side (-1 left, 1 right) and above."""
        found = self.silhouette(sprite)
        if found is None:
            return
        window, mask = found
        across = np.linspace(-side, side, mask.shape[1], dtype=np.float32)[None, :]
        up = np.linspace(1, -1, mask.shape[0], dtype=np.float32)[:, None]
        gradient = np.where(mask, 1.0 + 0.16 * across + 0.06 * up, 1.0)[..., None]
        self.reflectance[window] = np.clip(self.reflectance[window] * gradient, 0.0, 1.0)

    def luma_behind(self, sprite: Sprite) -> float:
        """Mean luma of the reflectance in the sprite's window, in [0, 1]; 0.5 where it is outside."""
        found = self.silhouette(sprite)
        return 0.5 if found is None else float(self.reflectance[found[0]].mean())


def extent(sprite: Sprite) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of all parts, in output pixels."""
    corners = np.concatenate([outline for part in sprite for outline in part.outlines])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def polygon(*corners: tuple[float, float]) -> Outline:
    """An outline from its corners."""
    return np.array(corners, np.float64)


def ellipse(x: float, y: float, rx: float, ry: float, *, corners: int = 20) -> Outline:
    """An ellipse as a polygon."""
    return _circle(corners) * (rx, ry) + (x, y)


def limb(start: tuple[float, float], end: tuple[float, float], r0: float, r1: float) -> Outline:
    """A tapering limb with round ends, from `start` (radius r0) to `end` (radius r1)."""
    angle = np.arctan2(end[1] - start[1], end[0] - start[0])
    arc = angle + _HALF_TURN
    tip = np.stack((np.cos(arc), np.sin(arc)), axis=1)
    return np.concatenate((tip * r1 + end, tip * -r0 + start))


@lru_cache
def _circle(corners: int) -> Outline:
    angles = np.linspace(0.0, 2 * np.pi, corners, endpoint=False)
    return np.stack((np.cos(angles), np.sin(angles)), axis=1)


def _fixed_point(outline: Outline) -> NDArray[np.int32]:
    # Pixel (i, j) of the supersampled canvas covers [i, i+1): its centre is at i + 0.5.
    return np.round((outline * SUPERSAMPLING - 0.5) * (1 << _SHIFT)).astype(np.int32)
