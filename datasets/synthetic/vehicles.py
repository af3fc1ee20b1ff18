"""Cars and bicycles. A car is a box with a cabin in three dimensions; a bicycle is flat, seen from the side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.synthetic.camera import Camera
from datasets.synthetic.canvas import Colour, Outline, Part, ellipse, limb

CAR_LENGTH, CAR_WIDTH, CAR_HEIGHT = 4.3, 1.8, 1.5
PAINT: tuple[Colour, ...] = (
    (0.88, 0.88, 0.86),
    (0.62, 0.64, 0.66),
    (0.10, 0.10, 0.11),
    (0.62, 0.10, 0.10),
    (0.14, 0.24, 0.52),
    (0.82, 0.70, 0.20),
    (0.16, 0.34, 0.26),
)
GLASS: Colour = (0.20, 0.25, 0.30)
TYRE: Colour = (0.06, 0.06, 0.06)

BODY_WARMTH, ENGINE_WARMTH, WHEEL_WARMTH, EXHAUST_WARMTH, GLASS_WARMTH = 0.55, 1.0, 0.9, 1.5, 0.25
"""Share of a running car's excess temperature by part."""

_SILL, _BELT, _ROOF = 0.30, 0.92, CAR_HEIGHT


@dataclass(frozen=True, kw_only=True)
class CarBody:
    """One car: where it stands, how it is turned, its paint and its warmth."""

    x: float
    """Centre across the street, metres."""
    z: float
    """Nearest point, metres."""
    across: bool
    """It stands across the view (side seen), not along the street."""
    front: bool
    """Its front is the near end (along) or the right end (across)."""
    paint: Colour
    excess: float
    """Kelvin above ambient of the engine lid; 0 for a cold car."""
    lights: bool
    """Head and tail lamps are on."""

    @property
    def length(self) -> float:
        """Extent along the view, in metres."""
        return CAR_WIDTH if self.across else CAR_LENGTH


def car(camera: Camera, body: CarBody) -> list[Part]:
    """The faces of a car that the camera sees, far to near, in image pixels."""
    faces = _Faces(camera, body)
    parts = [faces.hull()]
    parts += faces.roof_and_lid()
    parts += faces.side()
    parts += faces.end()
    return parts


class _Faces:
    """Local axes: along (0 = near or left end .. length), aside (0 = left or near flank .. width), up."""

    def __init__(self, camera: Camera, body: CarBody) -> None:
        self.camera, self.body = camera, body
        self.e = body.excess
        if body.across:
            self.left_end = body.x > 0
            self.flank = 0.0
        else:
            self.left_end = True
            self.flank = 0.0 if body.x > 0 else CAR_WIDTH

    def at(self, *points: tuple[float, float, float]) -> Outline:
        """Image outline of local (along, aside, up) points."""
        body = self.body
        world = []
        for along, aside, up in points:
            turned = CAR_LENGTH - along if self._mirrored() else along
            if body.across:
                world.append((body.x + turned - CAR_LENGTH / 2, up, body.z + aside))
            else:
                world.append((body.x + aside - CAR_WIDTH / 2, up, body.z + turned))
        return self.camera.project(np.array(world, np.float64))

    def _mirrored(self) -> bool:
        # Local 0 is the tail. Along the street the tail is near unless the front faces us; across, it is left
        # unless the front is left.
        return self.body.front if not self.body.across else not self.body.front

    def shade(self, factor: float) -> Colour:
        r, g, b = self.body.paint
        return min(r * factor, 1.0), min(g * factor, 1.0), min(b * factor, 1.0)

    def hull(self) -> Part:
        """Everything that no face covers: the underside, dark and warm from the exhaust."""
        import cv2

        corners = [(a, w, u) for a in (0.05, CAR_LENGTH - 0.05) for w in (0.0, CAR_WIDTH) for u in (0.12, _BELT - 0.05)]
        outline = cv2.convexHull(self.at(*corners).astype(np.float32))[:, 0].astype(np.float64)
        return Part((outline,), self.shade(0.25), self.e * BODY_WARMTH)

    def roof_and_lid(self) -> list[Part]:
        w0, w1 = 0.0, CAR_WIDTH
        i0, i1 = 0.18, CAR_WIDTH - 0.18
        tail_glass = self.at((0.15, w0, _BELT), (0.15, w1, _BELT), (0.75, i1, 1.42), (0.75, i0, 1.42))
        screen = self.at((3.05, w0 + 0.05, _BELT), (3.05, w1 - 0.05, _BELT), (2.3, i1, _ROOF), (2.3, i0, _ROOF))
        roof = self.at((0.75, i0, 1.42), (0.75, i1, 1.42), (2.3, i1, _ROOF), (2.3, i0, _ROOF))
        lid = self.at((3.0, w0, _BELT), (3.0, w1, _BELT), (4.2, w1, 0.80), (4.2, w0, 0.80))
        glass = self.e * GLASS_WARMTH
        ordered = [
            Part((lid,), self.shade(1.08), self.e * ENGINE_WARMTH),
            Part((screen,), GLASS, glass),
            Part((roof,), self.shade(1.12), self.e * BODY_WARMTH),
            Part((tail_glass,), GLASS, glass),
        ]
        return ordered[::-1] if self._mirrored() and not self.body.across else ordered

    def side(self) -> list[Part]:
        f = self.flank
        inner = f + (0.16 if f == 0.0 else -0.16)
        profile = [(0.0, _SILL), (0.0, 0.80), (0.12, _BELT), (3.05, _BELT), (4.2, 0.80), (4.3, 0.60), (4.28, _SILL)]
        lower = self.at(*[(a, f, u) for a, u in profile])
        cabin = self.at((0.15, f, _BELT), (3.05, f, _BELT), (2.3, inner, _ROOF), (0.75, inner, 1.42))
        rear_pane = self.at((0.45, f, 0.96), (1.45, f, 0.96), (1.45, inner, 1.38), (0.88, inner, 1.35))
        front_pane = self.at((1.55, f, 0.96), (2.8, f, 0.96), (2.22, inner, 1.41), (1.55, inner, 1.38))
        engine = self.at((3.1, f, 0.45), (3.1, f, 0.88), (4.15, f, 0.78), (4.25, f, 0.45))
        parts = [
            Part((cabin,), self.shade(0.95), self.e * BODY_WARMTH),
            Part((lower,), self.shade(0.85), self.e * BODY_WARMTH),
            Part((engine,), self.shade(0.85), self.e * ENGINE_WARMTH),
            Part((rear_pane,), GLASS, self.e * GLASS_WARMTH),
            Part((front_pane,), GLASS, self.e * GLASS_WARMTH),
        ]
        for along in (0.8, 3.45):
            parts += self._wheel(along, f)
        return parts

    def _wheel(self, along: float, flank: float) -> list[Part]:
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        tyre = self.at(*[(along + 0.32 * np.cos(t), flank, 0.32 + 0.32 * np.sin(t)) for t in angles])
        rim = self.at(*[(along + 0.19 * np.cos(t), flank, 0.32 + 0.19 * np.sin(t)) for t in angles])
        return [
            Part((tyre,), TYRE, self.e * WHEEL_WARMTH),
            Part((rim,), (0.55, 0.56, 0.58), self.e * WHEEL_WARMTH),
        ]

    def end(self) -> list[Part]:
        """The near end: tail or front, with lamps, plate, grille or exhaust."""
        front = self.body.front if not self.body.across else (self.body.front != self.left_end)
        a = 4.29 if front else 0.0
        width = CAR_WIDTH
        top = 0.80 if front else _BELT
        back = 4.2 if front else 0.12
        face = self.at((a, 0.0, _SILL), (a, width, _SILL), (back, width, top), (back, 0.0, top))
        bumper = self.at((a, 0.0, _SILL - 0.06), (a, width, _SILL - 0.06), (a, width, 0.45), (a, 0.0, 0.45))
        plate = self.at((a, 0.65, 0.46), (a, 1.15, 0.46), (a, 1.15, 0.57), (a, 0.65, 0.57))
        warmth = self.e * (ENGINE_WARMTH if front else BODY_WARMTH)
        parts = [
            Part((face,), self.shade(0.78), warmth),
            Part((bumper,), self.shade(0.45), warmth),
            Part((plate,), (0.9, 0.9, 0.8), warmth),
        ]
        lamp: Colour = (0.95, 0.95, 0.90) if front else (0.70, 0.05, 0.05)
        light: Colour | None = ((1.6, 1.5, 1.2) if front else (0.7, 0.03, 0.03)) if self.body.lights else None
        for w0, w1 in ((0.08, 0.42), (width - 0.42, width - 0.08)):
            spot = self.at((a, w0, 0.58), (a, w1, 0.58), (a, w1, 0.74), (a, w0, 0.74))
            parts.append(Part((spot,), lamp, warmth, light))
        if front:
            grille = self.at((a, 0.5, 0.58), (a, 1.3, 0.58), (a, 1.3, 0.70), (a, 0.5, 0.70))
            parts.append(Part((grille,), (0.05, 0.05, 0.05), self.e * ENGINE_WARMTH * 1.15))
        else:
            pipe = self.at((a, 0.25, 0.22), (a, 0.50, 0.22), (a, 0.50, 0.33), (a, 0.25, 0.33))
            parts.append(Part((pipe,), (0.2, 0.2, 0.2), self.e * EXHAUST_WARMTH))
        for w0, w1 in ((0.02, 0.24), (width - 0.24, width - 0.02)):
            tyre = self.at((a, w0, 0.0), (a, w1, 0.0), (a, w1, _SILL - 0.02), (a, w0, _SILL - 0.02))
            parts.append(Part((tyre,), TYRE, self.e * WHEEL_WARMTH))
        return parts


def bicycle(colour: Colour, warmth: float) -> list[Part]:
    """A bicycle from the side, travelling to the right, centred over its bottom bracket; metres.

    Args:
        colour: Of the frame.
        warmth: Kelvin above ambient of all of it (tyres and hubs of a ridden one; negative for metal under the sky).
    """
    rear, front, bracket = (-0.52, 0.34), (0.54, 0.34), (0.0, 0.30)
    saddle, head = (-0.18, 0.92), (0.40, 0.88)
    parts = [
        Part((ellipse(*hub, 0.35, 0.35, corners=24), ellipse(*hub, 0.285, 0.285, corners=24)), TYRE, warmth)
        for hub in (rear, front)
    ]
    for start, end in (
        (rear, bracket), (rear, (-0.14, 0.78)), (bracket, saddle), (bracket, head), ((-0.14, 0.78), head), (head, front)
    ):  # fmt: skip
        parts.append(Part((limb(start, end, 0.028, 0.028),), colour, warmth))
    parts.append(Part((limb(head, (0.38, 1.04), 0.025, 0.025),), (0.2, 0.2, 0.2), warmth))
    parts.append(Part((limb((0.34, 1.05), (0.50, 1.02), 0.028, 0.028),), (0.15, 0.15, 0.15), warmth))
    parts.append(Part((limb((-0.28, 0.93), (-0.06, 0.93), 0.04, 0.03),), (0.1, 0.08, 0.07), warmth))
    parts.append(Part((limb((-0.08, 0.30), (0.08, 0.30), 0.05, 0.05),), (0.35, 0.35, 0.36), warmth))
    return parts
