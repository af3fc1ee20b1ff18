"""What stands along a street without a box of its own: trees, lamps, signs, traffic lights. Sprites in metres."""

from __future__ import annotations

import numpy as np

from datasets.synthetic.canvas import Colour, Part, ellipse, limb, polygon

STEEL: Colour = (0.30, 0.31, 0.32)
LAMP_HEIGHT = 5.5
LAMP_REACH = 1.2
"""Metres from a street lamp's pole to its head."""
LEAF_WARMTH, TRUNK_WARMTH, POLE_WARMTH, LAMP_WARMTH = -1.0, 0.5, 0.8, 7.0


def tree(rng: np.random.Generator) -> tuple[list[Part], list[Part]]:
    """(trunk and foliage behind, foliage) of a broad-leaved tree; the first is wood, both are labelled vegetation."""
    height, girth = rng.uniform(4.5, 8.0), rng.uniform(0.12, 0.24)
    bark: Colour = (0.27, 0.21, 0.16)
    crown = height * 0.68
    wood = [Part((polygon((-girth, 0), (girth, 0), (girth * 0.6, crown), (-girth * 0.6, crown)),), bark, TRUNK_WARMTH)]
    for side in (-1, 1):
        tip = (side * rng.uniform(0.6, 1.4), crown + rng.uniform(0.0, 1.0))
        wood.append(Part((limb((0, crown * 0.75), tip, girth * 0.5, 0.05),), bark, TRUNK_WARMTH))
    return wood, foliage(rng, 0.0, crown + 0.6, rng.uniform(1.3, 2.1), height * 0.30, num=64)


def bush(rng: np.random.Generator) -> list[Part]:
    """A bush of about a metre."""
    return foliage(rng, 0.0, 0.5, rng.uniform(0.6, 1.3), 0.5, num=22)


def foliage(rng: np.random.Generator, x: float, y: float, rx: float, ry: float, *, num: int) -> list[Part]:
    """Ragged clumps of leaves, dark below and light above."""
    parts = []
    for step in range(num):
        angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        cx, cy = x + rx * radius * np.cos(angle), y + ry * radius * np.sin(angle)
        size = rng.uniform(0.12, 0.28) * (1.2 - 0.5 * step / num) * max(rx, ry)
        light = 0.55 + 0.35 * (step / num) + 0.25 * (cy - y) / ry * 0.5 + rng.normal(0, 0.08)
        green: Colour = (0.24 * light, 0.42 * light, 0.15 * light)
        corners = ellipse(cx, cy, size, size * 0.8, corners=11)
        ragged = corners + rng.normal(0, size * 0.16, corners.shape)
        parts.append(Part((ragged,), green, LEAF_WARMTH + rng.normal(0, 0.4)))
    return parts


def street_lamp(*, lit: bool, side: float) -> list[Part]:
    """A lamp whose arm reaches towards the road (`side` = -1: pole on the left, arm to the right)."""
    tip = (-side * LAMP_REACH, LAMP_HEIGHT)
    head = polygon(
        (tip[0] - 0.28, tip[1] - 0.09), (tip[0] + 0.28, tip[1] - 0.09), (tip[0] + 0.2, tip[1] + 0.1),
        (tip[0] - 0.2, tip[1] + 0.1),
    )  # fmt: skip
    glow: Colour | None = (3.0, 2.5, 1.6) if lit else None
    return [
        Part((limb((0, 0), (0, LAMP_HEIGHT), 0.075, 0.05),), STEEL, POLE_WARMTH),
        Part((limb((0, LAMP_HEIGHT), tip, 0.045, 0.04),), STEEL, POLE_WARMTH),
        Part((head,), (0.75, 0.74, 0.70), LAMP_WARMTH if lit else POLE_WARMTH, glow),
    ]


def pole(rng: np.random.Generator) -> list[Part]:
    """A plain pole or bollard."""
    height = float(rng.choice([1.0, 2.6, 4.0]))
    return [Part((limb((0, 0), (0, height), 0.06, 0.05),), STEEL, POLE_WARMTH)]


def sign(rng: np.random.Generator) -> tuple[list[Part], list[Part]]:
    """(pole, plate) of a traffic sign."""
    height = rng.uniform(2.2, 2.6)
    stick = [Part((limb((0, 0), (0, height), 0.035, 0.035),), STEEL, POLE_WARMTH)]
    white, red, blue = (0.92, 0.92, 0.90), (0.75, 0.10, 0.10), (0.10, 0.25, 0.65)
    form = rng.integers(3)
    if form == 0:
        plate = [Part((ellipse(0, height, 0.33, 0.33),), red, 0.0), Part((ellipse(0, height, 0.23, 0.23),), white, 0.0)]
    elif form == 1:
        outer = polygon((-0.38, height + 0.3), (0.38, height + 0.3), (0, height - 0.35))
        plate = [Part((outer,), red, 0.0), Part((outer * 0.66 + [0, height * 0.34],), white, 0.0)]
    else:
        board = polygon((-0.3, height - 0.3), (0.3, height - 0.3), (0.3, height + 0.3), (-0.3, height + 0.3))
        plate = [Part((board,), blue, 0.0), Part((ellipse(0, height, 0.12, 0.2, corners=10),), white, 0.0)]
    return stick, plate


def traffic_light(rng: np.random.Generator) -> tuple[list[Part], list[Part]]:
    """(pole, housing with one lamp on) of a traffic light."""
    stick = [Part((limb((0, 0), (0, 3.0), 0.06, 0.05),), STEEL, POLE_WARMTH)]
    housing = [Part((polygon((-0.17, 2.3), (0.17, 2.3), (0.17, 3.2), (-0.17, 3.2)),), (0.07, 0.08, 0.07), 1.5)]
    on = int(rng.integers(3))
    lamps: list[Colour] = [(0.15, 0.9, 0.45), (0.95, 0.7, 0.1), (0.95, 0.12, 0.1)]
    for index, colour in enumerate(lamps):
        spot = ellipse(0, 2.45 + 0.3 * index, 0.11, 0.11, corners=12)
        if index == on:
            housing.append(Part((spot,), colour, 4.0, colour))
        else:
            housing.append(Part((spot,), (colour[0] * 0.2, colour[1] * 0.2, colour[2] * 0.2), 1.0))
    return stick, housing
