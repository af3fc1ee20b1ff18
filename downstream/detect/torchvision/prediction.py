"""Boxes of a network of torchvision on a list of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from datasets.images import read_image
from downstream.detect.matching import Detections


@torch.inference_mode()
def predict_images(
    network: nn.Module, images: Sequence[Path], *, keep: Sequence[int] | None, device: str
) -> list[Detections]:
    """Run a network in evaluation mode on one image after the other.

    Args:
        network: Maps a list of RGB images in [0, 1] to boxes, scores, and labels from 1.
        images: Image files.
        keep: Labels, from 0, to report; None: all.
        device: Where the network is.

    Returns:
        Boxes in pixels of the files, one entry per image.
    """
    found = []
    for path in images:
        (result,) = network([read_image(path, "rgb")[0].to(device)])
        labels = result["labels"].cpu().numpy().astype(np.int64) - 1
        chosen = np.ones(len(labels), dtype=bool) if keep is None else np.isin(labels, list(keep))
        found.append(
            Detections(
                xyxy=result["boxes"].cpu().numpy().astype(np.float64)[chosen],
                scores=result["scores"].cpu().numpy().astype(np.float64)[chosen],
                labels=labels[chosen],
            )
        )
    return found
