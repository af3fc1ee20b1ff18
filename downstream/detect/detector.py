"""What a detector is to the detection task: it trains on images with boxes and predicts boxes, and no more is known.

A library of detectors is one room below `downstream/detect/` with a class that follows `Detector`, and one line in
`downstream/detect/detectors.py`. Fusers, datasets, folders, scores and records are no business of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from datasets.base import Boxes, PairedDataset
from suite.errors import SettingsError

if TYPE_CHECKING:
    from diffif.fusers.fused_set import FusedSet
    from downstream.detect.matching import Detections


@dataclass(frozen=True, kw_only=True)
class BoxedImages:
    """The fused images of one split with their true boxes."""

    images: tuple[Path, ...]
    """8-bit RGB files; the stem is the sample's id."""
    boxes: tuple[Boxes, ...]
    """Of each image, in its pixels."""
    classes: tuple[str, ...]
    """Names in order of the boxes' labels."""
    fingerprint: str
    """Of pixels, boxes and classes."""


class Detector(Protocol):
    """A network with all its training settings; making one checks names, files and settings, and trains nothing."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Plain data, free of machine paths, that determines its numbers: weights, structure, settings, versions."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that its weights know, in order of their labels; empty where it has none to judge by."""

    def train(
        self, train: BoxedImages, val: BoxedImages, *, folder: Path, seed: int, device: str, threads: int
    ) -> Path:
        """Train, choose the epoch with the best mAP50-95 on `val`, and return its weights.

        Args:
            train: What it learns from.
            val: What chooses the epoch.
            folder: Its own; holds what an earlier attempt left. Killed and resumed must give the numbers of never
                killed. After every epoch, if it has epochs, `downstream.trainings.write_curve` gets epoch, loss, map50
                and map50_95.
            seed: Of weights, order and augmentation.
            device: "cpu", "cuda:0" ...
            threads: CPU threads.

        Returns:
            A file below `folder`.

        Raises:
            TrainingError: it had to stop; what it had computed is kept.
        """

    def predict(
        self, weights: Path | None, images: Sequence[Path], *, keep: Sequence[int] | None, device: str, threads: int
    ) -> list[Detections]:
        """Boxes in pixels of each image, down to very low scores, since average precision looks at the whole curve.

        Args:
            weights: What `train` returned; None: the weights that it was given, whose labels follow `classes`.
            images: Files; a result must not depend on an image's neighbours.
            keep: Labels to report; None: all.
            device: As in `train`.
            threads: As in `train`.
        """


def boxed_images(fused: FusedSet, dataset: PairedDataset) -> BoxedImages:
    """The fused images of a split with the boxes of its dataset.

    Raises:
        SettingsError: a sample has no boxes.
    """
    boxes = []
    for sample in dataset:
        if not isinstance(sample.target, Boxes):
            raise SettingsError(f"{dataset.name}/{dataset.split} {sample.id} has no boxes; detection needs them.")
        boxes.append(sample.target)
    return BoxedImages(
        images=tuple(fused.image(sample.id) for sample in dataset),
        boxes=tuple(boxes),
        classes=tuple(dataset.classes),
        fingerprint=f"{fused.fingerprint}-{dataset.fingerprint}",
    )


def predict_boxes(
    detector: Detector,
    weights: Path | None,
    images: Sequence[Path],
    *,
    class_map: Mapping[int, int] | None = None,
    device: str,
    threads: int,
) -> list[Detections]:
    """Boxes of each image in the classes of the dataset.

    Args:
        detector: Ready to predict.
        weights: Of a training; None: its own.
        images: Files.
        class_map: Detector label -> dataset label; other labels are dropped. None: they agree.
        device: Where to run.
        threads: CPU threads.
    """
    from dataclasses import replace

    import numpy as np

    keep = None if class_map is None else sorted(class_map)
    found = detector.predict(weights, images, keep=keep, device=device, threads=threads)
    if class_map is None:
        return found
    return [
        replace(one, labels=np.array([class_map[int(label)] for label in one.labels], dtype=np.int64)) for one in found
    ]
