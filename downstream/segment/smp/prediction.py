"""Class maps of a trained network at the size of the image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from datasets.images import read_image
from diffif.fusers.base import pad_to
from downstream.segment.counts import Counts, count_image
from downstream.segment.segmenter import MaskedImages, read_mask
from downstream.segment.settings import STRIDE

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


def predict_file(network: nn.Module, path: Path, *, device: str, unlabelled: int | None) -> Ids:
    """Class ids of one image file."""
    return predict_classes(network, read_image(path, "rgb"), device=device, unlabelled=unlabelled)


def count_split(network: nn.Module, masked: MaskedImages, *, device: str, unlabelled: int | None) -> list[Counts]:
    """Confusion counts (4, C, C) of every image of a split."""
    counts = []
    for path, mask in zip(masked.images, masked.masks, strict=True):
        truth, evidence = read_mask(mask)
        predicted = predict_file(network, path, device=device, unlabelled=unlabelled)
        counts.append(count_image(truth, predicted, masked.num_classes, evidence))
    return counts
