"""The order fused, visible, infrared of the paths of `python -m diffif.metrics`: tells when it was probably another.

Every metric gives a number whatever the order, and until version 0.2 the order was visible, infrared, fused. Where the
names say which is which, a wrong order is an error. Pixels can only make it likely, so what they show is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.images import read_array
from datasets.marks import INFRARED_WORDS, VISIBLE_WORDS
from datasets.remarks import GREATEST_TINT, false_colours, grey
from diffif.metrics.files import ImageFiles
from suite.errors import SettingsError

ORDER = "FUSED VISIBLE INFRARED"
FUSED_WORDS = frozenset(("fused", "fusion", "fuse"))
IMAGES_COMPARED = 5
"""Images that are looked at; each is read once more for it."""
LEAST_DIFFERENCE = 0.1
"""Correlation by which the first two must be less alike than any other two. On the 75 fused images of 25 methods of
the VIFB benchmark this says nothing in the right order, and finds 59 of 75 in the former one."""

Levels = NDArray[np.float32]


def refuse_wrong_order(fused: Path, visible: Path, infrared: Path) -> None:
    """Check what the names of the three paths say.

    Args:
        fused: What was given first.
        visible: What was given second.
        infrared: What was given third.

    Raises:
        SettingsError: the second is named as infrared images are, and another one as visible images are.
    """
    said = [_modality(path, (fused, visible, infrared)) for path in (fused, visible, infrared)]
    if said[1] == "infrared" and "visible" in (said[0], said[2]):
        named = {kind: path for kind, path in zip(said, (fused, visible, infrared), strict=True) if kind}
        rest = [path for path in (fused, visible, infrared) if path not in named.values()]
        right = [named.get("fused", rest[0] if rest else fused), named["visible"], named["infrared"]]
        raise SettingsError(
            f"the order is {ORDER}, but by its name {visible}, given second, is infrared and {named['visible']} "
            f"visible. Until version 0.2 the order was another one. Probably: {' '.join(map(str, right))}"
        )


def _modality(path: Path, paths: Sequence[Path]) -> str:
    """What a path's own parts, those that not all three share, say that it shows; empty where they do not say."""
    shared = set.intersection(*(set(other.with_suffix("").parts) for other in paths))
    own = " ".join(part for part in path.with_suffix("").parts if part not in shared)
    words = set(re.split(r"[^a-z]+", own.casefold()))
    kinds = {"fused": FUSED_WORDS, "visible": VISIBLE_WORDS, "infrared": INFRARED_WORDS}
    found = [kind for kind, known in kinds.items() if words & known]
    return found[0] if len(found) == 1 else ""


def doubts(files: Sequence[ImageFiles]) -> list[str]:
    """What the pixels of the first images say against the order, as sentences; empty where nothing does.

    Raises:
        ImageError: an image cannot be read.
    """
    triples = [
        tuple(_levels(path) for path in (entry.fused, entry.visible, entry.infrared))
        for entry in files[:IMAGES_COMPARED]
    ]
    # Images of several sizes are refused when they are scored.
    triples = [images for images in triples if len({image.shape[:2] for image in images}) == 1]
    if not triples:
        return []
    found = []
    tints = np.mean([[false_colours(image) for image in images] for images in triples], axis=0)
    if tints[2] > GREATEST_TINT >= tints[1]:
        found.append("the infrared images are in colour and the visible ones are grey.")
    for place, source in ((1, "visible"), (2, "infrared")):
        if all(np.array_equal(grey(images[0]), grey(images[place])) for images in triples):
            found.append(f"the fused images are the {source} ones, pixel by pixel.")
    alike = np.mean([_correlations(images) for images in triples], axis=0)
    if alike[0] < alike[1:].min() - LEAST_DIFFERENCE:
        found.append(
            f"fused and visible are less alike (correlation {alike[0]:.2f}) than fused and infrared ({alike[1]:.2f}) "
            f"or visible and infrared ({alike[2]:.2f}): is the third the fused one?"
        )
    return found


def _levels(path: Path) -> Levels:
    return read_array(path).astype(np.float32) / np.float32(255)


def _correlations(images: Sequence[Levels]) -> tuple[float, float, float]:
    """Of fused and visible, fused and infrared, visible and infrared; 0 with a constant image."""
    with np.errstate(invalid="ignore", divide="ignore"):
        table = np.nan_to_num(np.corrcoef([grey(image).ravel() for image in images]))
    return float(table[0, 1]), float(table[0, 2]), float(table[1, 2])
