"""From the classes of given weights to those of a dataset: by equal names, known synonyms, and nothing guessed.

A class of the dataset that the detector does not know is left out of every score and named; counted as zero it would
pull down the mean of every fuser alike and say nothing about any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from suite.errors import SettingsError

SYNONYMS: Mapping[str, str] = MappingProxyType({"people": "person", "pedestrian": "person"})
"""Names in lower case that mean a class of COCO."""


@dataclass(frozen=True, kw_only=True)
class ClassMap:
    """Which label of a detector means which class of a dataset."""

    labels: Mapping[int, int]
    """Detector label -> dataset label."""
    left_out: tuple[str, ...]
    """Classes of the dataset that the detector does not know; they are not scored."""
    note: str
    """The map in words, for records."""


def map_classes(detector: Sequence[str], dataset: Sequence[str]) -> ClassMap:
    """Match the classes of a dataset with those of given weights.

    Args:
        detector: Names in order of the detector's labels.
        dataset: Names in order of the dataset's labels.

    Raises:
        SettingsError: the detector has random weights, or knows none of the classes.
    """
    known = {name.casefold(): label for label, name in reversed(list(enumerate(detector)))}
    pairs = []
    for label, name in enumerate(dataset):
        plain = name.casefold()
        found = known.get(plain, known.get(SYNONYMS.get(plain, "")))
        if found is not None:
            pairs.append((name, label, found))
    left_out = tuple(name for name in dataset if name not in [pair[0] for pair in pairs])
    if not pairs:
        has = ", ".join(detector) if detector else "none: it has random weights"
        raise SettingsError(
            f"the detector knows none of the classes {', '.join(dataset)}; it knows {has}. Choose weights with the "
            "dataset's classes, or --frozen-on visible, which trains one detector first."
        )
    note = f"classes by the detector's names: {', '.join(f'{name} = {detector[found]}' for name, _, found in pairs)}"
    if left_out:
        note += f"; left out of every score, since the detector does not know them: {', '.join(left_out)}"
    return ClassMap(labels={found: label for _, label, found in pairs}, left_out=left_out, note=note)
