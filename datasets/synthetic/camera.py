"""A level pinhole camera over a flat street: metres to pixels and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.synthetic.canvas import Outline, Part, Sprite

NEAREST = 1.0
"""Points nearer than this many metres are moved there, so that faces that pass the camera stay finite."""


@dataclass(frozen=True, kw_only=True)
class Camera:
    """World axes: X right, Y up from the ground, Z along the street; the camera stands at X = Z = 0."""

    focal: float
    """Focal length in pixels."""
    x0: float
    """Column of the vanishing point."""
    horizon: float
    """Row of the horizon."""
    altitude: float
    """Metres above the ground."""

    def project(self, points: Outline) -> Outline:
        """World (N, 3) in metres to image (N, 2) in pixels."""
        z = np.maximum(points[:, 2], NEAREST)
        image = np.empty((len(points), 2))
        image[:, 0] = self.x0 + self.focal * points[:, 0] / z
        image[:, 1] = self.horizon - self.focal * (points[:, 1] - self.altitude) / z
        return image

    def quad(self, *corners: tuple[float, float, float]) -> Outline:
        """An outline from world corners."""
        return self.project(np.array(corners, np.float64))

    def scale_at(self, depth: float) -> float:
        """Pixels per metre at that depth."""
        return self.focal / depth

    def across_at(self, column: float, depth: float) -> float:
        """X of an image column at that depth."""
        return (column - self.x0) * depth / self.focal

    def stand(self, sprite: Sprite, x: float, depth: float, *, mirrored: bool = False, lift: float = 0.0) -> list[Part]:
        """A flat sprite in metres, put upright on the ground at (x, depth), `lift` metres above it."""
        scale = self.scale_at(depth)
        foot = self.quad((x, lift, depth))[0]
        matrix = np.diag([-scale if mirrored else scale, -scale])
        return [part.moved(matrix, (float(foot[0]), float(foot[1]))) for part in sprite]
