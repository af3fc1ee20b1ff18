"""Small registered pairs on disk, with labels of nothing: enough to search, train and fuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from datasets.base import PairedDataset, Sample
from datasets.images import write_image

MakePairs = Callable[..., PairedDataset]


@pytest.fixture
def make_pairs(tmp_path: Path) -> MakePairs:
    """Writes `count` pairs of smooth random images, and gives them as a dataset."""

    def make(split: str = "train", count: int = 4, size: tuple[int, int] = (72, 80)) -> PairedDataset:
        generator = torch.Generator().manual_seed(len(split))
        samples = []
        for index in range(count):
            coarse = torch.rand(2, 4, size[0] // 8 + 1, size[1] // 8 + 1, generator=generator)
            smooth = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear")
            visible = tmp_path / "visible" / split / f"{split}{index:03d}.png"
            infrared = tmp_path / "infrared" / split / visible.name
            write_image(visible, smooth[0, :3])
            write_image(infrared, smooth[1, :1])
            samples.append(Sample(id=visible.stem, visible=visible, infrared=infrared))
        return PairedDataset(
            name="pairs", split=split, task="quality", classes=(), root=tmp_path, samples=tuple(samples)
        )

    return make
