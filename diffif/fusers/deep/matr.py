"""MATR: medical fusion with convolutions that adapt to the image and a transformer at three depths.

The functional image (CT, PET or SPECT, in the visible's place) comes first, MRI second. Each 3x3 convolution multiplies
its kernel by gates that it derives from the whole image, and the transformer's tokens depend on the image's size
(`single_token_transformer.py`), so images are never tiled. The published code works for square images only; here any
size. As published the result is not stretched; its Tanh is clipped here, where the published command truncates.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.deep.single_token_transformer import SingleTokenTransformer, keep_values
from diffif.fusers.published.weights import PublishedWeights

WIDTH, SIDE, LATENT = 16, 3, 5
SCALES, DEPTH = 3, 3
SOURCE = "the MATR project (github.com/tthinking/MATR)"


class MATRNetwork(nn.Module):
    """(B, 2, H, W) functional Y and MRI in [0, 1] to fused Y (B, 1, H, W) in (-1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.convInput = _Unit(2)
        self.conv = _Unit(WIDTH)
        self.basicLayer = SingleTokenTransformer(WIDTH, DEPTH)
        self.convolutional_out = nn.Conv2d(WIDTH, 1, 1, bias=False)

    def forward(self, sources: Tensor) -> Tensor:
        """Fused luma, not clipped."""
        features = self.convInput(sources)
        total: Tensor | None = None
        for _ in range(SCALES):
            features = self.conv(features)
            scale = self.conv(self.basicLayer(features))
            total = scale if total is None else total + scale
        return torch.tanh(self.convolutional_out(total))


class _Unit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _AdaptiveConvolution(channels)
        self.bn1 = nn.BatchNorm2d(WIDTH)

    def forward(self, features: Tensor) -> Tensor:
        return torch.relu(self.bn1(self.conv1(features)))


class _AdaptiveConvolution(nn.Module):
    # Context-gated convolution (Lin et al., ECCV 2020): the kernel times a gate from pooled features of the image.
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(WIDTH, channels, SIDE, SIDE))
        self.ce = nn.Linear(SIDE * SIDE, LATENT, bias=False)
        self.ce_bn, self.ci_bn2 = nn.BatchNorm1d(channels), nn.BatchNorm1d(channels)
        self.ci = nn.Linear(channels, WIDTH, bias=False)
        self.ci_bn = nn.BatchNorm1d(WIDTH)
        self.gd, self.gd2 = (nn.Linear(LATENT, SIDE * SIDE, bias=False) for _ in range(2))

    def forward(self, features: Tensor) -> Tensor:
        batch, channels, height, width = features.shape
        context = self.ce(F.adaptive_avg_pool2d(features, SIDE).flatten(2))
        incoming = self.gd(torch.relu(self.ce_bn(context)))
        mixed = self.ci(torch.relu(self.ci_bn2(context)).transpose(1, 2)).transpose(1, 2)
        outgoing = self.gd2(torch.relu(self.ci_bn(mixed)))
        gate = torch.sigmoid(incoming.unsqueeze(1) + outgoing.unsqueeze(2)).unflatten(-1, (SIDE, SIDE))
        # Every image has kernels of its own: as groups of one convolution.
        kernels = (gate * self.weight).flatten(0, 1)
        stacked = features.reshape(1, batch * channels, height, width)
        return F.conv2d(stacked, kernels, padding=SIDE // 2, groups=batch).view(batch, WIDTH, height, width)


class MATR(PretrainedFuser):
    """MATR.

    Args:
        weights: The published file, or your own of the same network.
        device: Where to compute.
    """

    name = "matr"
    label = "MATR"
    paper = "Tang et al., MATR: multimodal medical image fusion via multiscale adaptive transformer, IEEE TIP 31, 2022"
    weights_needed = f"model_10.pth of {SOURCE}"
    tileable = False
    network_type = MATRNetwork
    published = PublishedWeights(
        method="MATR",
        files={"model_10.pth": "523f6be0ef0330a84c473a7ad2e037a7eb1a98584021c4772dfd317c1c0ddaab"},
        published_at=f"{SOURCE}: models/model_10.pth",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Without what has no effect."""
        return {
            name.replace("convolutional_out.conv1.", "convolutional_out."): value
            for name, value in keep_values(tensors).items()
        }

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(torch.cat((y, infrared), dim=1))
        return fused
