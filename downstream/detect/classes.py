"""From the classes of given weights to those of a dataset: by equal names, known synonyms, and nothing guessed.

A class of the dataset that the detector does not know is left out of every score and named; counted as zero it would
pull down the mean of every fuser alike and say nothing about any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from suite.errors import SettingsError

if TYPE_CHECKING:
    from downstream.detect.matching import Detections, Truth

SYNONYMS: Mapping[str, str] = MappingProxyType({"people": "person", "pedestrian": "person"})
"""Names in lower case that mean a class of COCO."""


@dataclass(frozen=True, kw_only=True)
class ClassMap:
    """Which classes are scored, and by what name the detector knows each."""

    classes: tuple[str, ...]
    """Of the dataset, those that are scored, in order of their new labels."""
    detector: tuple[int, ...]
    """Label of the detector for each of them."""
    dataset: tuple[int, ...]
    """Label of the dataset for each of them."""
    left_out: tuple[str, ...]
    """Classes of the dataset that the detector does not know."""
    note: str
    """The map in words, for records."""

    def map_detections(self, found: Detections) -> Detections:
        """Predictions in the labels of `classes`; other classes are dropped."""
        chosen = np.isin(found.labels, self.detector)
        labels = np.array([self.detector.index(int(label)) for label in found.labels[chosen]], dtype=np.int64)
        return replace(found, xyxy=found.xyxy[chosen], scores=found.scores[chosen], labels=labels)

    def map_truth(self, truth: Truth) -> Truth:
        """True boxes in the labels of `classes`; boxes of classes that are left out are dropped."""
        chosen = np.isin(truth.labels, self.dataset)
        labels = np.array([self.dataset.index(int(label)) for label in truth.labels[chosen]], dtype=np.int64)
        evidence = tuple(kind for kind, keep in zip(truth.evidence, chosen, strict=False) if keep)
        return replace(truth, xyxy=truth.xyxy[chosen], labels=labels, evidence=evidence)


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
    return ClassMap(
        classes=tuple(name for name, _, _ in pairs),
        detector=tuple(found for _, _, found in pairs),
        dataset=tuple(label for _, label, _ in pairs),
        left_out=left_out,
        note=note,
    )
