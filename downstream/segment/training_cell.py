"""The training of one segmentation network on one method's images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datasets.base import Labels, PairedDataset
from downstream.grid.cell import Place
from downstream.segment.settings import SegmentationSettings
from downstream.trainings import NetworkCell

if TYPE_CHECKING:
    from diffif.fusers.fused_set import FusedSet

BASE_GIB = 1.3
GIB_PER_MEGAPIXEL = 1.3
"""Of a batch. LinkNet on ResNet-18: 1.4 GiB for 8 crops of 128x128; SegFormer on MiT-B0: 2.0 GiB for 4 of 384x384."""


@dataclass(frozen=True, kw_only=True)
class SegmenterCell(NetworkCell):
    """A trained segmentation network."""

    kind: ClassVar[str] = "segmenter"
    labels: ClassVar[Labels] = "segment"
    settings: SegmentationSettings

    @property
    def workload(self) -> str:
        """Data, network and length of the training."""
        chosen = self.settings
        network = f"{chosen.arch} {chosen.encoder} {chosen.epochs} {chosen.crop} {chosen.batch}"
        return f"segmenter {self.pairs.fingerprint} {network}"

    @property
    def memory_gib(self) -> float:
        """By the pixels of a batch."""
        return BASE_GIB + GIB_PER_MEGAPIXEL * self.settings.batch * self.settings.crop**2 / 1e6

    def train(self, sets: Sequence[tuple[FusedSet, PairedDataset]], folder: Path, device: str, place: Place) -> Path:
        """See `NetworkCell.train`."""
        from downstream.segment.segmenter import masked_images
        from downstream.segment.segmenters import build_segmenter

        train, val = (masked_images(fused, dataset) for fused, dataset in sets)
        segmenter = build_segmenter(self.settings)
        return segmenter.train(train, val, folder=folder, seed=self.seed, device=device, threads=place.threads)
