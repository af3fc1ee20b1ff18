"""Class maps of a trained network at the size of the image."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from datasets.base import MaskPath, PairedDataset
from datasets.images import read_array, read_image, read_labels
from diffif.fusers.base import pad_to
from diffif.fusers.fused_set import FusedSet
from downstream.segment.counts import Counts, count_image
from downstream.segment.settings import STRIDE
from suite.errors import SettingsError

Ids = NDArray[np.uint8]


@torch.inference_mode()
def predict_classes(network: nn.Module, image: Tensor, *, device: str, unlabelled: int | None) -> Ids:
    """Class ids of one image.

    Args:
        network: Maps RGB in [0, 1] to class scores; in evaluation mode.
        image: (1, 3, H, W) in [0, 1].
        device: Where the network is.
        unlabelled: A class that was not learned and is never predicted, or None.

    Returns:
        (H, W) uint8.
    """
    height, width = image.shape[-2:]
    padded = pad_to(image, -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE)
    scores = network(padded.to(device))[..., :height, :width].float()
    if unlabelled is not None:
        scores[:, unlabelled] = -torch.inf
    ids: Ids = scores.argmax(dim=1)[0].to(torch.uint8).cpu().numpy()
    return ids


def predict_sample(network: nn.Module, fused: FusedSet, sample_id: str, *, device: str, unlabelled: int | None) -> Ids:
    """Class ids of one fused image."""
    image = read_image(fused.image(sample_id), "rgb")
    return predict_classes(network, image, device=device, unlabelled=unlabelled)


def read_truth(dataset: PairedDataset, index: int) -> tuple[Ids, Ids | None]:
    """Class ids and, where it is known, the kind of evidence of one sample.

    Raises:
        SettingsError: the sample has no mask.
    """
    sample = dataset[index]
    if not isinstance(sample.target, MaskPath):
        raise SettingsError(f"{dataset.name}/{dataset.split} {sample.id} has no mask; segmentation needs one.")
    evidence = None if sample.target.evidence is None else read_array(sample.target.evidence)
    return read_labels(sample.target.path), evidence


def count_split(
    network: nn.Module, dataset: PairedDataset, fused: FusedSet, *, device: str, unlabelled: int | None
) -> dict[str, Counts]:
    """Confusion counts (4, C, C) of every image of a split, by id."""
    counts = {}
    for index, sample in enumerate(dataset):
        truth, evidence = read_truth(dataset, index)
        predicted = predict_sample(network, fused, sample.id, device=device, unlabelled=unlabelled)
        counts[sample.id] = count_image(truth, predicted, len(dataset.classes), evidence)
    return counts
