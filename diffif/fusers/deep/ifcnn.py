"""IFCNN with element-wise maximum: the first filters of a ResNet-101, two trained layers around the fusion.

The published command makes grey of the three output channels with blue's weight on channel 0 and red's on channel 2;
the channels differ little. It truncates to 8 bit where we round.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from datasets.images import LUMA_BLUE, LUMA_GREEN, LUMA_RED
from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import PublishedWeights

# The statistics of ImageNet, which the ResNet filters expect.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WIDTH = 64
SOURCE = "the IFCNN project (github.com/uzeful/IFCNN)"


class IFCNNNetwork(nn.Module):
    """Two normalised sources (B, 3, H, W) to a normalised result (B, 3, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTH, 7, padding=3, padding_mode="replicate", bias=False)
        self.conv2 = _block()
        self.conv3 = _block()
        self.conv4 = nn.Conv2d(WIDTH, 3, 1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Fused image, (B, 3, H, W), from the larger of both sources' features."""
        features = torch.maximum(self.conv2(self.conv1(first)), self.conv2(self.conv1(second)))
        fused: Tensor = self.conv4(self.conv3(features))
        return fused


def _block() -> nn.Sequential:
    block = nn.Sequential()
    block.add_module("conv", nn.Conv2d(WIDTH, WIDTH, 3, padding=1, padding_mode="replicate", bias=False))
    block.add_module("bn", nn.BatchNorm2d(WIDTH))
    block.add_module("relu", nn.ReLU())
    return block


class IFCNN(PretrainedFuser):
    """IFCNN-MAX.

    Args:
        weights: The published file, or your own of the same network.
        device: Where to compute.
    """

    name = "ifcnn"
    label = "IFCNN"
    paper = "Zhang et al., IFCNN: a general image fusion framework, Information Fusion 54, 2020"
    weights_needed = f"IFCNN-MAX.pth of {SOURCE}"
    network_type = IFCNNNetwork
    published = PublishedWeights(
        method="IFCNN",
        files={"IFCNN-MAX.pth": "6022b44c88a2f0367ba9b08fcdf0d663745d9a966fca0ee1f41867797b6ff53f"},
        published_at=SOURCE,
    )

    def __init__(self, *, weights: str | None = None, device: str = "cpu") -> None:
        super().__init__(weights=weights, device=device)
        self._mean, self._std = (torch.tensor(v, device=self.device).view(1, 3, 1, 1) for v in (MEAN, STD))

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The file is older than batch norm's counter of batches."""
        counters = {f"{block}.bn.num_batches_tracked": torch.tensor(0) for block in ("conv2", "conv3")}
        return {**counters, **tensors}

    def fuse_channels(self, y: Tensor, infrared: Tensor) -> Tensor:
        """The network's three output channels, (B, 3, H, W), not clipped."""
        first, second = ((image.expand(-1, 3, -1, -1) - self._mean) / self._std for image in (infrared, y))
        fused: Tensor = self.network(first, second) * self._std + self._mean
        return fused

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        channels = self.fuse_channels(y, infrared).clamp(0.0, 1.0)
        return LUMA_BLUE * channels[:, 0:1] + LUMA_GREEN * channels[:, 1:2] + LUMA_RED * channels[:, 2:3]
