"""What fools one modality only, and carries no label: painted people, stone people, warm things that are nobody.

Each is told apart by the other modality, or by its surroundings: a poster hangs in a frame off the ground, a statue
stands on a plinth in one colour, a reflection is upside down; a cabinet is plainly a box in visible light, a plume has
no limbs, a dog has four legs.
"""

from __future__ import annotations

import numpy as np

from datasets.synthetic.canvas import Colour, Part, ellipse, limb, polygon
from datasets.synthetic.people import dress, stone, walker

Box = tuple[float, float, float, float]


def poster(rng: np.random.Generator, *, lit: bool) -> list[Part]:
    """A panel with the picture of a person, about two metres high on short legs; ambient temperature all over.

    Args:
        rng: Draws colours and the person.
        lit: Its own light is on.
    """
    wide, low, high = rng.uniform(0.60, 0.75), rng.uniform(0.35, 0.9), rng.uniform(2.5, 2.9)
    bright = rng.random() < 0.5
    r, g, b = rng.uniform(0.6, 0.95, 3) if bright else rng.uniform(0.05, 0.35, 3)
    paper: Colour = (float(r), float(g), float(b))
    glow: Colour | None = (paper[0] * 0.12, paper[1] * 0.12, paper[2] * 0.12) if lit else None
    frame: Colour = (0.12, 0.12, 0.13)
    parts = [Part((limb((s * wide * 0.7, 0), (s * wide * 0.7, low), 0.06, 0.06),), frame, 0.0) for s in (-1.0, 1.0)]
    parts.append(Part((_rectangle(-wide - 0.1, low - 0.1, wide + 0.1, high + 0.1),), frame, 0.0))
    parts.append(Part((_rectangle(-wide, low, wide, high),), paper, 0.0, glow))
    ink: Colour = (0.1, 0.1, 0.1) if bright else (0.9, 0.9, 0.85)
    for row in range(2):
        top = high - 0.1 - 0.13 * row
        parts.append(Part((_rectangle(-wide * 0.8, top - 0.06, wide * rng.uniform(0.2, 0.8), top),), ink, 0.0))
    luma = sum(paper) / 3
    tall = (high - low) * rng.uniform(0.68, 0.8)
    person = walker(rng, dress(rng, luma, 0.0), tall)
    shift = (rng.uniform(-0.2, 0.2), low + 0.06)
    parts += [part.moved(np.eye(2), shift) for part in person]
    return parts


def statue(rng: np.random.Generator, behind: float) -> list[Part]:
    """A person of stone on a plinth, at ambient temperature."""
    grey = rng.uniform(0.60, 0.72) if behind < 0.42 else rng.uniform(0.12, 0.22)
    high = rng.uniform(0.7, 1.1)
    block: Colour = (grey * 0.8, grey * 0.8, grey * 0.77)
    parts = [
        Part((_rectangle(-0.5, 0.0, 0.5, 0.18),), block, 0.0),
        Part((_rectangle(-0.36, 0.18, 0.36, high),), (grey * 0.9, grey * 0.9, grey * 0.87), 0.0),
        Part((_rectangle(-0.45, high - 0.1, 0.45, high),), block, 0.0),
    ]
    figure = walker(rng, stone(dress(rng, behind, 0.0), grey), rng.uniform(1.6, 1.8))
    return parts + [part.moved(np.eye(2), (0.0, high)) for part in figure]


def reflection(rng: np.random.Generator, behind: float) -> list[Part]:
    """A person mirrored in wet ground: upside down, hanging from its foot."""
    person = walker(rng, dress(rng, behind, 0.0), rng.uniform(1.55, 1.85))
    return [part.moved(np.diag([1.0, -0.8]), (0.0, 0.0)) for part in person]


def cabinet(rng: np.random.Generator, warmth: float) -> list[Part]:
    """A warm switch cabinet or vent, a person's height: in infrared a blob, in visible light a striped box."""
    wide, high = rng.uniform(0.22, 0.34), rng.uniform(1.35, 1.75)
    colour: Colour = ((0.85, 0.86, 0.82), (0.80, 0.45, 0.10), (0.15, 0.45, 0.30))[rng.integers(3)]
    dark: Colour = (colour[0] * 0.35, colour[1] * 0.35, colour[2] * 0.35)
    parts = [Part((_rectangle(-wide, 0.0, wide, high),), colour, warmth)]
    for row in np.arange(0.25, high - 0.15, 0.22):
        parts.append(Part((_rectangle(-wide * 0.8, row, wide * 0.8, row + 0.07),), dark, warmth * 0.9))
    parts.append(Part((ellipse(0, high, wide * 1.05, 0.13, corners=16),), dark, warmth))
    return parts


def plume(rng: np.random.Generator, warmth: float) -> list[Part]:
    """Warm air over a manhole: nested ellipses, widest above; to be painted in infrared only."""
    high, wide = rng.uniform(1.3, 2.0), rng.uniform(0.22, 0.36)
    lean = rng.uniform(-0.15, 0.15)
    parts = []
    for step in range(5):
        share = 1.0 - step * 0.16
        outline = ellipse(lean * share, high * 0.5, wide * share, high * 0.52 * share, corners=18)
        parts.append(
            Part((outline + rng.normal(0, 0.025, outline.shape),), (0.0, 0.0, 0.0), warmth * (0.35 + 0.15 * step))
        )
    return parts


def manhole(warmth: float) -> list[Part]:
    """A warm cover lying in the road; corners in metres across and along, to be projected onto the ground."""
    return [
        Part((ellipse(0, 0, 0.45, 0.45),), (0.16, 0.16, 0.17), warmth),
        Part((ellipse(0, 0, 0.36, 0.36),), (0.24, 0.24, 0.25), warmth * 1.1),
    ]


def dog(rng: np.random.Generator, warmth: float) -> list[Part]:
    """A warm dog from the side; to be painted in infrared, in visible light only as a dark shape."""
    coat: Colour = ((0.12, 0.10, 0.08), (0.30, 0.22, 0.14), (0.75, 0.70, 0.62))[rng.integers(3)]
    parts = []
    for x in (-0.30, -0.22, 0.20, 0.28):
        parts.append(Part((limb((x, 0.32), (x + rng.uniform(-0.08, 0.08), 0.02), 0.045, 0.03),), coat, warmth * 0.8))
    parts.append(Part((limb((-0.30, 0.42), (0.25, 0.45), 0.13, 0.15),), coat, warmth * 0.85))
    parts.append(Part((limb((0.25, 0.48), (0.42, 0.64), 0.09, 0.08),), coat, warmth))
    parts.append(Part((limb((0.42, 0.66), (0.58, 0.62), 0.08, 0.04),), coat, warmth))
    parts.append(Part((limb((-0.38, 0.46), (-0.56, 0.66), 0.03, 0.02),), coat, warmth * 0.6))
    return parts


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1))
