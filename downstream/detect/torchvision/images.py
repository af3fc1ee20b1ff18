"""Training images with their boxes, augmented in one way for every fuser."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

from datasets.images import read_array, to_tensor
from downstream.detect.detector import BoxedImages

Target = dict[str, Tensor]


class AugmentedImages(Dataset[tuple[Tensor, Target]]):
    """Augmented images of a split; an item depends on seed, epoch and index alone, whoever loads it."""

    def __init__(self, boxed: BoxedImages, seed: int) -> None:
        self.boxed = boxed
        self.seed = seed
        self.epoch = 0
        self.augment: Any = v2.Compose(
            [
                v2.RandomZoomOut(side_range=(1.0, 2.0), p=0.3),
                v2.RandomIoUCrop(min_scale=0.5),
                v2.RandomHorizontalFlip(p=0.5),
                # Hue is left alone, since fused colours carry meaning.
                v2.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.3),
                v2.SanitizeBoundingBoxes(),
            ]
        )

    def __len__(self) -> int:
        return len(self.boxed.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Target]:
        """RGB (3, H, W) in [0, 1], and boxes (N, 4) xyxy in its pixels with labels (N,) from 1."""
        image = tv_tensors.Image(to_tensor(read_array(self.boxed.images[index]), "rgb")[0])
        truth = self.boxed.boxes[index]
        target = {
            "boxes": tv_tensors.BoundingBoxes(
                torch.tensor(truth.xyxy, dtype=torch.float32).reshape(-1, 4),
                format="XYXY",
                canvas_size=image.shape[-2:],
            ),
            # torchvision keeps label 0 for the background.
            "labels": torch.tensor(truth.labels, dtype=torch.int64) + 1,
        }
        draw = int(np.random.SeedSequence((self.seed, self.epoch, index)).generate_state(1)[0])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(draw)
            image, target = self.augment(image, target)
        return image.as_subclass(Tensor), {key: value.as_subclass(Tensor) for key, value in target.items()}


def collate(items: list[tuple[Tensor, Target]]) -> tuple[list[Tensor], list[Target]]:
    """Images of any sizes side by side; the network itself brings them to one."""
    images, targets = zip(*items, strict=True)
    return list(images), list(targets)
