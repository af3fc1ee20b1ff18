"""The networks of segmentation-models-pytorch behind the contract."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downstream.segment.smp.network import check_names, find_encoder_weights

if TYPE_CHECKING:
    from downstream.segment.segmenter import Ids, MaskedImages
    from downstream.segment.settings import SegmentationSettings

DETERMINES_TRAINING = (
    "encoder", "epochs", "crop", "batch", "learning_rate", "poly_power", "weight_decay", "ema_decay", "patience",
    "classes", "amp",
)  # fmt: skip


class SmpSegmenter:
    """A decoder of segmentation-models-pytorch on one of its encoders.

    Args:
        name: The decoder: segformer, unet, linknet ...
        settings: Encoder, its weights, and the training.

    Raises:
        UnknownName: no such decoder or encoder.
        WeightsError: the encoder's weights are not on this machine.
    """

    def __init__(self, name: str, settings: SegmentationSettings) -> None:
        check_names(name, settings.encoder)
        self.arch = name
        self.settings = settings
        self.weights = find_encoder_weights(settings.encoder, settings.encoder_weights)

    @property
    def learns_unlabelled(self) -> bool:
        """Whether the unlabelled class is learned like any other."""
        return self.settings.classes not in ("ignore-unlabelled", "present")

    @property
    def identity(self) -> Mapping[str, Any]:
        """Library, version, network and the settings of its training."""
        return {
            "library": "segmentation-models-pytorch",
            "version": importlib.metadata.version("segmentation-models-pytorch"),
            "arch": self.arch,
            "encoder_weights": Path(self.settings.encoder_weights).name,
            "encoder_fingerprint": self.weights.fingerprint,
            **{name: getattr(self.settings, name) for name in DETERMINES_TRAINING},
        }

    def train(
        self, train: MaskedImages, val: MaskedImages, *, folder: Path, seed: int, device: str, threads: int
    ) -> Path:
        """Cross entropy and Dice on augmented crops; see `Segmenter.train`."""
        import torch

        from downstream.segment.smp.training import Training, train_network

        torch.set_num_threads(threads)
        training = Training(
            arch=self.arch,
            weights=self.weights,
            settings=self.settings,
            learns_unlabelled=self.learns_unlabelled,
            train=train,
            val=val,
            seed=seed,
            device=device,
        )
        return train_network(training, folder)

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
        """Class ids of each image; see `Segmenter.predict`."""
        import torch

        from downstream.segment.smp.network import load_network
        from downstream.segment.smp.prediction import predict_file

        torch.set_num_threads(threads)
        network = load_network(weights, self.arch, self.settings.encoder, num_classes, device)
        unlabelled = None if self.learns_unlabelled else ignore_index
        for path in images:
            yield predict_file(network, path, device=device, unlabelled=unlabelled)
