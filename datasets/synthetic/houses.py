"""House fronts in perspective: walls, windows (lit at night, mirrors of the cold sky in infrared), shops, doors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from datasets.synthetic.camera import Camera
from datasets.synthetic.canvas import Canvas, Colour, Part, Stamp
from datasets.synthetic.settings import MASK_IDS

STOREY = 3.2
"""Metres per floor."""
WALLS: tuple[Colour, ...] = (
    (0.58, 0.36, 0.29),
    (0.70, 0.66, 0.58),
    (0.52, 0.53, 0.55),
    (0.74, 0.62, 0.45),
    (0.44, 0.40, 0.38),
    (0.62, 0.68, 0.70),
)
WINDOW_WARMTH, LIT_WINDOW_WARMTH, DOOR_WARMTH = -2.5, 0.5, -0.5
"""Kelvin above ambient; glass mirrors the sky, so an unlit window is colder than its wall."""
LIT_SHARE = 0.3
"""Windows with light in them by night."""

Facade = Callable[[float, float], tuple[float, float, float]]
"""(metres along the front, metres up) to world coordinates."""


@dataclass(frozen=True, kw_only=True)
class Street:
    """Measures and temperatures of one street, metres and kelvin above ambient."""

    half_road: float
    pavement: float
    night: bool
    end: float | None
    """Distance of the house front that closes the street; None = open to the skyline."""
    road_warmth: float
    wall_warmth: float

    @property
    def facade(self) -> float:
        """Distance of the house fronts from the middle of the street."""
        return self.half_road + self.pavement


@dataclass(frozen=True, kw_only=True)
class _Front:
    place: Facade
    length: float
    floors: int
    wall: Colour
    spacing: float
    """Metres between window axes; wider where the front is too small on screen to show more."""


def draw_houses(canvas: Canvas, camera: Camera, street: Street, rng: np.random.Generator) -> None:
    """The front that closes the street, if any, and both rows along it, far ones first."""
    if street.end is not None:
        _closing_houses(canvas, camera, street, street.end, rng)
    for side in (-1.0, 1.0):
        _row(canvas, camera, street, side, rng)


def _row(canvas: Canvas, camera: Camera, street: Street, side: float, rng: np.random.Generator) -> None:
    starts = [1.5]
    while starts[-1] < 70.0:
        starts.append(starts[-1] + rng.uniform(8.0, 18.0))
    x = side * street.facade
    for z0, z1 in reversed(list(pairwise(starts))):
        gap, floors, wall = rng.random() < 0.12, int(rng.integers(2, 6)), _wall(rng, 0.82 if side < 0 else 1.0)
        if gap or (street.end is not None and z0 >= street.end):
            continue
        front = _Front(
            place=lambda along, up, z0=z0: (x, up, z0 + along),
            length=z1 - z0,
            floors=floors,
            wall=wall,
            spacing=2.2 if z0 < 25 else 4.0,
        )
        top = floors * STOREY + 0.6
        gable = camera.quad((x, 0, z0), (x + side * 30, 0, z0), (x + side * 30, top, z0), (x, top, z0))
        canvas.paint([Part((gable,), _shade(wall, 0.8), street.wall_warmth)], Stamp(label=MASK_IDS["building"]))
        _draw_front(canvas, camera, street, front, rng)


def _closing_houses(canvas: Canvas, camera: Camera, street: Street, z: float, rng: np.random.Generator) -> None:
    x = -street.facade - 14.0
    while x < street.facade + 14.0:
        length = rng.uniform(9.0, 16.0)
        front = _Front(
            place=lambda along, up, x=x: (x + along, up, z),
            length=length,
            floors=int(rng.integers(2, 5)),
            wall=_wall(rng, 0.92),
            spacing=2.4,
        )
        _draw_front(canvas, camera, street, front, rng)
        x += length


def _draw_front(canvas: Canvas, camera: Camera, street: Street, front: _Front, rng: np.random.Generator) -> None:
    building = Stamp(label=MASK_IDS["building"])
    top = front.floors * STOREY + 0.6

    def rectangle(a0: float, a1: float, u0: float, u1: float) -> tuple[np.ndarray, ...]:
        place = front.place
        return (camera.quad(place(a0, u0), place(a1, u0), place(a1, u1), place(a0, u1)),)

    sprite = [Part(rectangle(0, front.length, 0, top), front.wall, street.wall_warmth)]
    sprite.append(Part(rectangle(0, front.length, top - 0.35, top), _shade(front.wall, 0.7), street.wall_warmth - 0.5))
    shop = rng.random() < 0.5
    for floor in range(front.floors):
        base = floor * STOREY
        band = rectangle(0, front.length, base + STOREY - 0.1, base + STOREY)
        sprite.append(Part(band, _shade(front.wall, 0.86), street.wall_warmth))
        wide, low, high = (front.spacing * 0.8, 0.5, 2.6) if shop and floor == 0 else (front.spacing * 0.5, 1.0, 2.5)
        for along in np.arange(0.7, front.length - wide - 0.2, front.spacing):
            pane = rectangle(along, along + wide, base + low, base + high)
            frame = rectangle(along - 0.1, along + wide + 0.1, base + low - 0.15, base + high + 0.1)
            sprite.append(Part(frame, _shade(front.wall, 1.25), street.wall_warmth - 0.3))
            sprite.append(_pane(pane, street, rng))
    door = rng.uniform(0.3, front.length - 1.6)
    sprite.append(Part(rectangle(door, door + 1.1, 0, 2.2), (0.25, 0.16, 0.11), DOOR_WARMTH))
    canvas.paint(sprite, building)


def _pane(outline: tuple[np.ndarray, ...], street: Street, rng: np.random.Generator) -> Part:
    lit = street.night and rng.random() < LIT_SHARE
    mirror = rng.uniform(0.15, 0.45)
    colour: Colour = (mirror * 0.85, mirror * 0.95, mirror * 1.1)
    if not lit:
        return Part(outline, colour, WINDOW_WARMTH)
    power = rng.uniform(0.12, 0.6)
    return Part(outline, colour, LIT_WINDOW_WARMTH, (power, power * rng.uniform(0.65, 0.9), power * 0.5))


def _wall(rng: np.random.Generator, factor: float) -> Colour:
    return _shade(WALLS[rng.integers(len(WALLS))], factor * rng.uniform(0.85, 1.1))


def _shade(colour: Colour, factor: float) -> Colour:
    r, g, b = (min(channel * factor, 1.0) for channel in colour)
    return r, g, b
