"""SeAFusion: gradient residual dense blocks, trained together with a segmentation network.

The published file holds batch-norm tensors that the published forward pass never uses; they are left out here. The
authors' command stretches the colour result's minimum and maximum (over a whole batch; here per image), which is how
their published TNO images came about and changes next to nothing on MSRS; `output=` chooses.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

CONV_SLOPE, BLOCK_SLOPE = 0.2, 0.1
DECODER = {"decode4": (96, 64), "decode3": (64, 32), "decode2": (32, 16), "decode1": (16, 1)}
SOURCE = "the SeAFusion project (github.com/Linfeng-Tang/SeAFusion)"


class _Conv(nn.Module):
    def __init__(self, channels: int, out: int, size: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, size, padding=size // 2)

    def forward(self, features: Tensor) -> Tensor:
        convolved: Tensor = self.conv(features)
        return convolved


class _Sobel(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convx = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.convy = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        magnitude: Tensor = self.convx(features).abs() + self.convy(features).abs()
        return magnitude


class _DenseBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _Conv(channels, channels)
        self.conv2 = _Conv(2 * channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        for conv in (self.conv1, self.conv2):
            features = torch.cat((features, F.leaky_relu(conv(features), CONV_SLOPE)), dim=1)
        return features


class GradientResidualDenseBlock(nn.Module):
    """A dense stream and a Sobel stream, (B, C, H, W) to (B, out, H, W)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.dense = _DenseBlock(channels)
        self.convdown = _Conv(3 * channels, out, 1)
        self.sobelconv = _Sobel(channels)
        self.convup = _Conv(channels, out, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Features of the dense and the Sobel stream, added: (B, C, H, W)."""
        streams = self.convdown(self.dense(features)) + self.convup(self.sobelconv(features))
        return F.leaky_relu(streams, BLOCK_SLOPE)


class SeAFusionNetwork(nn.Module):
    """Visible Y and infrared (B, 1, H, W) in [0, 1] to fused Y in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        for source in ("vis", "inf"):
            self.add_module(f"{source}_conv", _Conv(1, 16))
            self.add_module(f"{source}_rgbd1", GradientResidualDenseBlock(16, 32))
            self.add_module(f"{source}_rgbd2", GradientResidualDenseBlock(32, 48))
        for name, (channels, out) in DECODER.items():
            self.add_module(name, _Conv(channels, out))

    def _encode(self, source: str, image: Tensor) -> Tensor:
        features = F.leaky_relu(self.get_submodule(f"{source}_conv")(image), CONV_SLOPE)
        for block in (f"{source}_rgbd1", f"{source}_rgbd2"):
            features = self.get_submodule(block)(features)
        return features

    def forward(self, y: Tensor, infrared: Tensor) -> Tensor:
        """Fused Y, (B, 1, H, W), in (0, 1)."""
        features = torch.cat((self._encode("vis", y), self._encode("inf", infrared)), dim=1)
        *hidden, last = DECODER
        for name in hidden:
            features = F.leaky_relu(self.get_submodule(name)(features), CONV_SLOPE)
        return torch.tanh(self.get_submodule(last)(features)) / 2 + 0.5


class SeAFusion(StretchedFuser):
    """SeAFusion.

    Args:
        weights: The published file, or your own of the same network.
        output: "stretch" each colour image's range to [0, 1], as the published command does, or "clip" it.
        device: Where to compute.
    """

    name = "seafusion"
    label = "SeAFusion"
    paper = "Tang, Yuan and Ma, Image fusion in the loop of high-level vision tasks, Information Fusion 82, 2022"
    stretches = "colour"
    weights_needed = f"SeAFusion.pth of {SOURCE}"
    network_type = SeAFusionNetwork
    published = PublishedWeights(
        method="SeAFusion",
        files={"SeAFusion.pth": "8d65a7f9a50f36349803368cf9920f40420776995e7e8cc8a56d8d30e499431d"},
        published_at=SOURCE,
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Without the batch norms that the forward pass does not use."""
        return {name: value for name, value in tensors.items() if ".bn." not in name}

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(y, infrared)
        return fused
