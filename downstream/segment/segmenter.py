"""What a segmentation network is to its task: it trains on images with masks and predicts class ids, no more is known.

A library of networks is one room below `downstream/segment/` with a class that follows `Segmenter`, and one line in
`downstream/segment/segmenters.py`. Fusers, datasets, folders, scores and records are no business of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from datasets.base import MaskPath, PairedDataset, Sample
from suite.errors import SettingsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diffif.fusers.fused_set import FusedSet

    Ids = NDArray[np.uint8]

IGNORED = 255
"""Mask value that neither a loss nor a score looks at: padding, and unlabelled pixels where they are not learned."""


@dataclass(frozen=True, kw_only=True)
class MaskedImages:
    """The fused images of one split with their true masks."""

    images: tuple[Path, ...]
    """8-bit RGB files."""
    masks: tuple[MaskPath, ...]
    """Of each image."""
    num_classes: int
    """Classes that a mask can hold, the unlabelled one included."""
    ignore_index: int | None
    """The unlabelled class, or None where the dataset has none."""
    fingerprint: str
    """Of pixels, masks and classes."""

    def __len__(self) -> int:
        return len(self.images)


class Segmenter(Protocol):
    """A network with all its training settings; making one checks names, files and settings, and trains nothing."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Plain data, free of machine paths, that determines its numbers: weights, structure, settings, versions."""

    def train(
        self, train: MaskedImages, val: MaskedImages, *, folder: Path, seed: int, device: str, threads: int
    ) -> Path:
        """Train, choose the epoch with the best mIoU on `val`, and return its weights.

        Args:
            train: What it learns from.
            val: What chooses the epoch.
            folder: Its own; holds what an earlier attempt left. Killed and resumed must give the numbers of never
                killed. After every epoch, if it has epochs, `downstream.trainings.write_curve` gets epoch, loss and
                miou.
            seed: Of weights, order and augmentation.
            device: "cpu", "cuda:0" ...
            threads: CPU threads.

        Returns:
            A file below `folder`.

        Raises:
            TrainingError: it had to stop; what it had computed is kept.
        """

    def predict(
        self,
        weights: Path,
        images: Sequence[Path],
        *,
        num_classes: int,
        ignore_index: int | None,
        device: str,
        threads: int,
    ) -> Iterator[Ids]:
        """Class ids (H, W), uint8, of each image in turn.

        Args:
            weights: What `train` returned.
            images: Files.
            num_classes: As in training.
            ignore_index: The unlabelled class; never predicted where the settings do not let the network learn it.
            device: As in `train`.
            threads: As in `train`.
        """


def masked_images(fused: FusedSet, dataset: PairedDataset) -> MaskedImages:
    """The fused images of a split with the masks of its dataset.

    Raises:
        SettingsError: a sample has no mask.
    """
    return MaskedImages(
        images=tuple(fused.image(sample.id) for sample in dataset),
        masks=tuple(mask_of(sample) for sample in dataset),
        num_classes=len(dataset.classes),
        ignore_index=dataset.ignore_index,
        fingerprint=f"{fused.fingerprint}-{dataset.fingerprint}",
    )


def mask_of(sample: Sample) -> MaskPath:
    """The mask of a sample.

    Raises:
        SettingsError: it has none.
    """
    if not isinstance(sample.target, MaskPath):
        raise SettingsError(f"{sample.id} has no mask; segmentation needs one.")
    return sample.target


def read_mask(mask: MaskPath) -> tuple[Ids, Ids | None]:
    """Class ids of a mask and, where it is known, the kind of evidence of every pixel."""
    from datasets.images import read_array
    from datasets.masks import read_labels

    return read_labels(mask.path), None if mask.evidence is None else read_array(mask.evidence)
