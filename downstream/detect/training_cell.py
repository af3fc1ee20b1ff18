"""The training of one detector on one method's images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datasets.base import Labels, PairedDataset
from downstream.detect.settings import DetectionSettings
from downstream.grid.cell import Place
from downstream.trainings import NetworkCell

if TYPE_CHECKING:
    from diffif.fusers.fused_set import FusedSet

BASE_GIB = 1.0
GIB_PER_MEGAPIXEL = 0.6
"""Of a batch. YOLOv8n: 1.1 GiB for 8 images of 192x192, 1.9 GiB for 4 of 640x640; YOLOv8m: 2.7 GiB for 4 of 416x416."""


@dataclass(frozen=True, kw_only=True)
class DetectorCell(NetworkCell):
    """A trained detector."""

    kind: ClassVar[str] = "detector"
    labels: ClassVar[Labels] = "detect"
    settings: DetectionSettings

    @property
    def workload(self) -> str:
        """Data, detector and length of the training."""
        chosen = self.settings
        return f"detector {self.pairs.fingerprint} {chosen.model} {chosen.epochs} {chosen.imgsz} {chosen.batch}"

    @property
    def memory_gib(self) -> float:
        """By the pixels of a batch."""
        return BASE_GIB + GIB_PER_MEGAPIXEL * self.settings.batch * self.settings.imgsz**2 / 1e6

    def train(self, sets: Sequence[tuple[FusedSet, PairedDataset]], folder: Path, device: str, place: Place) -> Path:
        """See `NetworkCell.train`."""
        from downstream.detect.detector import boxed_images
        from downstream.detect.detectors import build_detector

        train, val = (boxed_images(fused, dataset) for fused, dataset in sets)
        detector = build_detector(self.settings, place.workdir)
        return detector.train(train, val, folder=folder, seed=self.seed, device=device, threads=place.threads)
