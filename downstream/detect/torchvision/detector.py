"""The detectors of torchvision behind the contract; the second, unrelated library that proves it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.errors import SettingsError, WeightsError

if TYPE_CHECKING:
    from torch import nn

    from downstream.detect.detector import BoxedImages
    from downstream.detect.matching import Detections
    from downstream.detect.settings import DetectionSettings

DETERMINES_TRAINING = ("epochs", "imgsz", "batch", "nominal_batch", "patience", "learning_rate")
SMALLEST_SIDE = 96
"""Below it the coarsest grids of these networks have no cell left."""


class TorchvisionDetector:
    """A detection network of torchvision, from random weights or from a file.

    Args:
        name: A name such as ssdlite320_mobilenet_v3_large, or NAME@weights=FILE.
        settings: How it is trained.
        workdir: The working folder; not used.

    Raises:
        UnknownName: no such network.
        WeightsError: not a detector, or a file that is missing, unsafe, or of another network.
        SettingsError: images too small, or a setting that is not known.
    """

    def __init__(self, name: str, settings: DetectionSettings, workdir: Path) -> None:
        from downstream.detect.torchvision.networks import StartWeights, check_name, read_weights

        self.settings = settings
        self.name, at, assignment = name.partition("@")
        check_name(self.name)
        if settings.imgsz < SMALLEST_SIDE:
            raise SettingsError(f"--imgsz must be at least {SMALLEST_SIDE} for torchvision, got {settings.imgsz}.")
        key, equals, file = assignment.partition("=")
        if at and (key != "weights" or not equals):
            raise SettingsError(f"torchvision:{name}: expected {self.name}@weights=FILE, got {assignment!r}.")
        if at and not Path(file).is_file():
            raise WeightsError(f"no weights {file} here. Leave @weights= out to start from random weights.")
        self.start = read_weights(self.name, Path(file)) if at else StartWeights(tensors={})
        self.classes = self.start.classes

    @property
    def identity(self) -> Mapping[str, Any]:
        """Library, version, network, weights and the settings of its training."""
        return {
            "library": "torchvision",
            "version": importlib.metadata.version("torchvision"),
            "name": self.name,
            "fingerprint": self.start.fingerprint,
            **{name: getattr(self.settings, name) for name in DETERMINES_TRAINING},
        }

    def train(
        self, train: BoxedImages, val: BoxedImages, *, folder: Path, seed: int, device: str, threads: int
    ) -> Path:
        """AdamW on augmented images; see `Detector.train`."""
        import torch

        from downstream.detect.torchvision.networks import load_fitting
        from downstream.detect.torchvision.training import train_network

        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        network = self._build(len(train.classes))
        if self.start.tensors:
            load_fitting(network, self.start.tensors)
        return train_network(network, train, val, settings=self.settings, folder=folder, seed=seed, device=device)

    def predict(
        self, weights: Path | None, images: Sequence[Path], *, keep: Sequence[int] | None, device: str, threads: int
    ) -> list[Detections]:
        """Boxes of each image; see `Detector.predict`."""
        import torch

        from downstream.detect.torchvision.networks import read_weights
        from downstream.detect.torchvision.prediction import predict_images

        torch.set_num_threads(threads)
        found = self.start if weights is None else read_weights(self.name, weights)
        network = self._build(len(found.classes))
        network.load_state_dict(found.tensors, strict=False)
        return predict_images(network.to(device).eval(), images, keep=keep, device=device)

    def _build(self, num_classes: int) -> nn.Module:
        from downstream.detect.torchvision.networks import build_network

        return build_network(self.name, num_classes, self.settings.imgsz)
