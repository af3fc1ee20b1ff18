"""A detector in two functions; the shortest way to a detector of one's own.

A subclass writes `fit` and `detect`; identity, atomic weights, checks of the boxes and everything else that `Detector`
asks for follow. A training that takes long should follow `Detector` itself, whose `train` can resume.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from downstream.detect.detector import BoxedImages
from downstream.detect.matching import Detections
from suite.errors import SettingsError
from suite.files import write_file
from suite.outside import code_digest

if TYPE_CHECKING:
    from downstream.detect.settings import DetectionSettings

Box = Sequence[float]
"""x1, y1, x2, y2 in pixels, score in [0, 1], label."""
COLUMNS = 6


class SimpleDetector(ABC):
    """A detector for `--model package.module:Class`.

    Args:
        name: What follows the colon.
        settings: Of the task: epochs, imgsz, batch, learning_rate ...
        workdir: The working folder.
    """

    classes: tuple[str, ...] = ()
    """Names of the classes that it knows without training; none, so that it cannot be used with `--frozen-on model`."""

    def __init__(self, name: str, settings: DetectionSettings, workdir: Path) -> None:
        self.name, self.settings, self.workdir = name, settings, workdir

    @abstractmethod
    def fit(self, train: BoxedImages, val: BoxedImages, weights: Path, *, seed: int, device: str) -> None:
        """Learn from images with boxes; write whatever `detect` needs into the file `weights`.

        Args:
            train: What it learns from: `images` (files), `boxes` (`xyxy`, `labels`) and `classes`.
            val: What may choose the epoch.
            weights: A file to write.
            seed: Of weights, order and augmentation.
            device: "cpu", "cuda:0" ...
        """

    @abstractmethod
    def detect(self, weights: Path, images: Sequence[Path], *, device: str) -> Iterable[Sequence[Box]]:
        """Boxes of each image in turn, down to very low scores.

        Args:
            weights: What `fit` wrote.
            images: 8-bit RGB files.
            device: As in `fit`.

        Returns:
            For each image its boxes (x1, y1, x2, y2, score, label), none to many.
        """

    @property
    def identity(self) -> Mapping[str, Any]:
        """The class and its source: changed code is another detector."""
        cls = type(self)
        return {"detector": f"{cls.__module__}:{cls.__qualname__}", "code": code_digest(cls.__module__)}

    def train(
        self, train: BoxedImages, val: BoxedImages, *, folder: Path, seed: int, device: str, threads: int
    ) -> Path:
        """`fit`, once; what was killed begins again. See `Detector.train`."""
        _use_threads(threads)
        weights = folder / "weights"
        if not weights.is_file():
            with write_file(weights) as temporary:
                self.fit(train, val, temporary, seed=seed, device=device)
        return weights

    def predict(
        self, weights: Path | None, images: Sequence[Path], *, keep: Sequence[int] | None, device: str, threads: int
    ) -> list[Detections]:
        """`detect` as arrays; see `Detector.predict`."""
        if weights is None:
            raise SettingsError(
                f"{type(self).__name__} has no weights without a training; leave --frozen-on model out."
            )
        _use_threads(threads)
        found = [self._arrays(boxes, keep) for boxes in self.detect(weights, images, device=device)]
        if len(found) != len(images):
            raise SettingsError(f"{type(self).__name__}.detect gave boxes for {len(found)} of {len(images)} images.")
        return found

    def _arrays(self, boxes: Sequence[Box], keep: Sequence[int] | None) -> Detections:
        table = np.array([list(box) for box in boxes], dtype=np.float64)
        if len(boxes) and table.shape[1:] != (COLUMNS,):
            raise SettingsError(
                f"{type(self).__name__}.detect gave boxes of shape {table.shape}; expected (N, {COLUMNS}): "
                "x1, y1, x2, y2, score, label."
            )
        table = table.reshape(-1, COLUMNS)
        if keep is not None:
            table = table[np.isin(table[:, 5], list(keep))]
        return Detections(xyxy=table[:, :4], scores=table[:, 4], labels=table[:, 5].astype(np.int64))


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
