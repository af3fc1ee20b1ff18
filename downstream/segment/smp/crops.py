"""Training crops: a fused image and its mask, augmented in one way for every fuser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from datasets.images import read_array, to_tensor
from datasets.masks import read_labels
from downstream.segment.segmenter import IGNORED, MaskedImages

Image = NDArray[np.uint8]
Augmentation = Callable[[Image, Image, int], tuple[Image, Image]]


class CropDataset(Dataset[tuple[Tensor, Tensor]]):
    """Augmented crops of a fused split; an item depends on seed, epoch and index alone, whoever loads it."""

    def __init__(self, data: MaskedImages, *, crop: int, seed: int, learn_unlabelled: bool) -> None:
        self.data = data
        self.seed = seed
        self.epoch = 0
        self.unlabelled = None if learn_unlabelled else data.ignore_index
        self.augment = build_augmentation(crop)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """RGB (3, crop, crop) in [0, 1] and class ids (crop, crop), int64, 255 where ignored."""
        image, mask = read_array(self.data.images[index]), read_labels(self.data.masks[index].path)
        if self.unlabelled is not None:
            mask = np.where(mask == self.unlabelled, np.uint8(IGNORED), mask)
        draw = int(np.random.SeedSequence((self.seed, self.epoch, index)).generate_state(1)[0])
        image, mask = self.augment(image, mask, draw)
        return to_tensor(image, "rgb")[0], torch.from_numpy(mask.astype(np.int64))


def build_augmentation(crop: int) -> Augmentation:
    """Scale 0.5 to 1.5, random crop, horizontal flip, brightness, contrast and saturation.

    The geometric part is the usual one for road scenes (Chen et al., DeepLabv3+, ECCV 2018); hue is left alone, since
    fused colours carry meaning.
    """
    transforms: Any = _transforms(crop)

    def augment(image: Image, mask: Image, seed: int) -> tuple[Image, Image]:
        transforms.set_random_seed(seed)
        done = transforms(image=image, mask=mask)
        return np.ascontiguousarray(done["image"]), np.ascontiguousarray(done["mask"])

    return augment


def _transforms(crop: int) -> Any:
    import os

    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as A
    import cv2

    return A.Compose(
        [
            A.RandomScale(scale_limit=(-0.5, 0.5), p=1.0),
            A.PadIfNeeded(crop, crop, border_mode=cv2.BORDER_CONSTANT, fill=0, fill_mask=IGNORED),
            A.RandomCrop(crop, crop),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter(brightness=(0.8, 1.2), contrast=(0.8, 1.2), saturation=(0.8, 1.2), hue=(0.0, 0.0), p=0.8),
        ]
    )
