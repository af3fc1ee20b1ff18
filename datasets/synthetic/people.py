"""People as sprites in metres: x to the right, y up, feet at the origin. Walkers from front or side, and riders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from datasets.synthetic.canvas import Colour, Part, ellipse, limb, polygon

SKIN: tuple[Colour, ...] = ((0.88, 0.70, 0.58), (0.76, 0.56, 0.43), (0.55, 0.38, 0.28), (0.36, 0.24, 0.18))
HAIR: tuple[Colour, ...] = ((0.10, 0.08, 0.07), (0.28, 0.18, 0.11), (0.62, 0.48, 0.30), (0.55, 0.54, 0.53))
BRIGHT: tuple[Colour, ...] = (
    (0.92, 0.91, 0.88),
    (0.90, 0.78, 0.25),
    (0.93, 0.55, 0.22),
    (0.62, 0.80, 0.92),
    (0.85, 0.83, 0.70),
    (0.90, 0.62, 0.66),
)
DARK: tuple[Colour, ...] = (
    (0.08, 0.09, 0.12),
    (0.13, 0.16, 0.33),
    (0.40, 0.07, 0.09),
    (0.10, 0.24, 0.14),
    (0.22, 0.13, 0.10),
    (0.25, 0.08, 0.28),
)

HEAD_WARMTH, HAND_WARMTH, TORSO_WARMTH, LEG_WARMTH = 1.0, 0.95, 0.85, 0.75
"""Share of the body's excess temperature that reaches the surface there."""


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """Colours of one person and how much warmer than ambient the skin is, in kelvin."""

    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    excess: float


def dress(rng: np.random.Generator, behind: float, excess: float) -> Outfit:
    """Clothes that stand out from what is behind: bright ones before a dark backdrop and the reverse.

    Args:
        rng: Source of the choice.
        behind: Mean luma of the backdrop, in [0, 1].
        excess: Kelvin above ambient.
    """
    bright = behind < 0.42 if abs(behind - 0.42) > 0.08 else bool(rng.random() < 0.5)
    palette, other = (BRIGHT, DARK) if bright else (DARK, BRIGHT)
    same = rng.random() < 0.6
    return Outfit(
        skin=SKIN[rng.integers(len(SKIN))],
        hair=HAIR[rng.integers(len(HAIR))],
        top=_vary(rng, palette[rng.integers(len(palette))]),
        trousers=_vary(rng, (palette if same else other)[rng.integers(len(palette))]),
        excess=excess,
    )


def stone(outfit: Outfit, grey: float) -> Outfit:
    """The same person as a statue: one colour, no warmth."""
    colours = [(grey * s, grey * s * 0.99, grey * s * 0.95) for s in (1.0, 0.9, 0.96, 0.86)]
    return replace(outfit, skin=colours[0], hair=colours[1], top=colours[2], trousers=colours[3], excess=0.0)


def walker(rng: np.random.Generator, outfit: Outfit, height: float) -> list[Part]:
    """A walking or standing person.

    Args:
        rng: Draws pose and build.
        outfit: Colours and warmth.
        height: In metres.
    """
    side = rng.random() < 0.55
    stride = rng.uniform(0.12, 0.5) if side else rng.uniform(0.02, 0.13)
    build = rng.uniform(0.9, 1.2)
    half = (0.075 if side else 0.115) * build
    lean = rng.uniform(-0.02, 0.02)
    hip, shoulder = 0.50, 0.81
    parts: list[Part] = []
    far = _shade(outfit.trousers, 0.75)
    for sign, colour in ((-1.0, far), (1.0, outfit.trousers)):
        parts += _leg(sign, stride, side, hip, build, colour, outfit)
    swing = stride * rng.uniform(0.5, 1.0)
    parts += _arm(-1.0, swing, side, half, shoulder, _shade(outfit.top, 0.78), outfit)
    torso = polygon(
        (-half * 0.85, hip - 0.04),
        (half * 0.85, hip - 0.04),
        (half * 0.9 + lean, 0.64),
        (half + lean, shoulder - 0.02),
        (half * 0.55 + lean, shoulder + 0.025),
        (-half * 0.55 + lean, shoulder + 0.025),
        (-half + lean, shoulder - 0.02),
        (-half * 0.9 + lean, 0.64),
    )
    parts.append(Part((torso,), outfit.top, outfit.excess * TORSO_WARMTH))
    if rng.random() < 0.35:
        parts += _coat(half, lean, hip, outfit)
    parts += _arm(1.0, swing, side, half, shoulder, outfit.top, outfit)
    parts += _head(lean, 0.925, side, outfit, hidden=rng.random() < 0.3)
    return [part.moved(np.eye(2) * height, (0.0, 0.0)) for part in parts]


def rider(rng: np.random.Generator, outfit: Outfit, height: float) -> list[Part]:
    """A person on a bicycle seen from the side, travelling to the right; the saddle is at (-0.18, 0.92) metres."""
    h = height
    hip, shoulder = (-0.17, 0.97), (0.10 + rng.uniform(-0.05, 0.08), 0.97 + 0.30 * h)
    hand, phase = (0.42, 1.02), rng.uniform(0, 2 * np.pi)
    parts: list[Part] = []
    for turn, colour in ((np.pi, _shade(outfit.trousers, 0.75)), (0.0, outfit.trousers)):
        foot = (0.02 + 0.17 * np.cos(phase + turn), 0.29 + 0.17 * np.sin(phase + turn))
        knee = ((hip[0] + foot[0]) / 2 + 0.24, (hip[1] + foot[1]) / 2 + 0.08)
        parts.append(Part((limb(hip, knee, 0.085, 0.06),), colour, outfit.excess * LEG_WARMTH))
        parts.append(Part((limb(knee, foot, 0.06, 0.045),), colour, outfit.excess * LEG_WARMTH))
        shoe = limb(foot, (foot[0] + 0.10, foot[1] - 0.01), 0.045, 0.035)
        parts.append(Part((shoe,), (0.1, 0.1, 0.1), outfit.excess * LEG_WARMTH))
    parts.append(Part((limb(hip, shoulder, 0.125, 0.145),), outfit.top, outfit.excess * TORSO_WARMTH))
    elbow = ((shoulder[0] + hand[0]) / 2 - 0.02, (shoulder[1] + hand[1]) / 2 - 0.07)
    parts.append(Part((limb(shoulder, elbow, 0.06, 0.05),), _shade(outfit.top, 0.85), outfit.excess * TORSO_WARMTH))
    parts.append(Part((limb(elbow, hand, 0.05, 0.04),), outfit.skin, outfit.excess * HAND_WARMTH))
    head = [part.moved(np.eye(2) * h, (0.0, 0.0)) for part in _head(0.0, 0.0, True, outfit, hidden=False)]
    parts += [part.moved(np.eye(2), (shoulder[0] + 0.07, shoulder[1] + 0.115 * h)) for part in head]
    return parts


def _leg(
    sign: float, stride: float, side: bool, hip: float, build: float, colour: Colour, outfit: Outfit
) -> list[Part]:
    root = (sign * (0.015 if side else 0.052), hip)
    foot = (sign * stride * 0.5 if side else sign * (0.055 + stride * 0.2), 0.03 + (0.02 if sign < 0 else 0.0))
    bend = 0.035 if side else 0.0
    knee = ((root[0] + foot[0]) / 2 + bend, 0.27)
    warmth = outfit.excess * LEG_WARMTH
    toe = (foot[0] + (0.055 if side else sign * 0.012), 0.018)
    return [
        Part((limb(root, knee, 0.062 * build, 0.045 * build),), colour, warmth),
        Part((limb(knee, foot, 0.045 * build, 0.03),), colour, warmth),
        Part((limb((foot[0], 0.022), toe, 0.024, 0.018),), (0.10, 0.09, 0.09), warmth),
    ]


def _arm(
    sign: float, swing: float, side: bool, half: float, shoulder: float, colour: Colour, outfit: Outfit
) -> list[Part]:
    root = (0.0, shoulder - 0.02) if side else (sign * half * 0.98, shoulder - 0.02)
    hand = (-sign * swing * 0.5, 0.50) if side else (sign * (half + 0.05), 0.47)
    elbow = ((root[0] + hand[0]) / 2 - (0.03 if side else -sign * 0.02), 0.645)
    warmth = outfit.excess * TORSO_WARMTH
    return [
        Part((limb(root, elbow, 0.036, 0.030),), colour, warmth),
        Part((limb(elbow, hand, 0.030, 0.024),), colour, warmth),
        Part((ellipse(*hand, 0.023, 0.028, corners=8),), outfit.skin, outfit.excess * HAND_WARMTH),
    ]


def _coat(half: float, lean: float, hip: float, outfit: Outfit) -> list[Part]:
    skirt = polygon(
        (-half * 0.9 + lean, 0.62), (half * 0.9 + lean, 0.62), (half * 1.15, hip - 0.16), (-half * 1.15, hip - 0.16)
    )
    return [Part((skirt,), outfit.top, outfit.excess * TORSO_WARMTH)]


def _head(x: float, y: float, side: bool, outfit: Outfit, *, hidden: bool) -> list[Part]:
    """Neck, head and hair; `hidden` = seen from behind, hair only."""
    face = outfit.hair if hidden else outfit.skin
    rx = 0.056 if side else 0.050
    parts = [
        Part((limb((x, y - 0.09), (x, y - 0.04), 0.03, 0.03),), outfit.skin, outfit.excess * HEAD_WARMTH),
        Part((ellipse(x, y, rx, 0.068),), face, outfit.excess * HEAD_WARMTH),
    ]
    cap = ellipse(x - (0.012 if side else 0.0), y + 0.022, rx * 0.98, 0.049)
    parts.append(Part((cap,), outfit.hair, outfit.excess * 0.8))
    return parts


def _vary(rng: np.random.Generator, colour: Colour) -> Colour:
    r, g, b = np.clip(np.asarray(colour) * rng.uniform(0.88, 1.1) + rng.normal(0, 0.015, 3), 0.02, 0.98)
    return float(r), float(g), float(b)


def _shade(colour: Colour, factor: float) -> Colour:
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
