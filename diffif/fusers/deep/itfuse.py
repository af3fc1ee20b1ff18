"""ITFuse: three rounds in which each source's features are compared with those of both, then a transformer.

All rounds and both sources share their weights. Coordinate attention takes means over whole rows and columns, and the
transformer's tokens depend on the image's size (`single_token_transformer.py`), so images are never tiled. The result
is a sigmoid; as published it is not stretched. The published command reads the visible image as rounded grey, writes
grey and truncates to 8 bit; luma that is not rounded and the visible image's chroma are ours.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.deep.single_token_transformer import SingleTokenTransformer, keep_values
from diffif.fusers.published.weights import PublishedWeights

WIDTH, REDUCED, EMBEDDED = 16, 4, 2
ROUNDS, DEPTH = 3, 3
SOURCE = "the ITFuse project (github.com/tthinking/ITFuse)"
# Stored in the published file, never used by its forward pass.
UNUSED = (
    "norm.",
    "mlp.",
    "conv1_32.",
    "conv32.",
    "conv16_32.",
    "conv2_32.",
    "layer2.",
    "TS_lv1.bn.",
    "TS_lv1.se.",
    "equalAtt.bn.",
    "equalAtt.se.",
)


class ITFuseNetwork(nn.Module):
    """Infrared and visible Y (B, 1, H, W) in [0, 1] to fused Y in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv16 = _conv(1)
        self.conv16_16 = _conv(WIDTH)
        self.conv2_16 = _conv(2)
        self.CoordAtt = _CoordinateAttention()
        self.TS_lv1 = _Interaction()
        self.equalAtt = _Interaction()
        self.basicLayer = SingleTokenTransformer(WIDTH, DEPTH)
        self.convolutional_out = nn.Sequential(OrderedDict(conv=nn.Conv2d(WIDTH, 1, 1), sigmoid=nn.Sigmoid()))

    def _refine(self, features: Tensor) -> Tensor:
        refined: Tensor = features + self.conv16_16(self.conv16_16(features))
        return refined

    def _attend(self, features: Tensor) -> Tensor:
        attended: Tensor = features + self.CoordAtt(self.CoordAtt(features))
        return attended

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        """Fused luma."""
        joint = self.conv2_16(torch.cat((infrared, y), dim=1))
        first, second = self.conv16(infrared), self.conv16(y)
        for turn in range(ROUNDS):
            if turn:
                joint, first, second = (self.conv16_16(features) for features in (joint, first, second))
            first, second = self._refine(first), self._refine(second)
            joint = self._attend(self.conv16_16(joint))
            first, second = self.TS_lv1(joint, second, first), self.TS_lv1(joint, first, second)
        mixed = self._attend(self.equalAtt.weigh_by_both(joint, first, second))
        fused: Tensor = self.convolutional_out(self.conv16_16(self.basicLayer(mixed)))
        return fused


def _conv(channels: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, WIDTH, 3, padding=1, padding_mode="replicate")
    return nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(WIDTH), relu=nn.ReLU()))


class _CoordinateAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(WIDTH, REDUCED, 1)
        self.bn1 = nn.BatchNorm2d(REDUCED)
        self.conv_h = nn.Conv2d(REDUCED, WIDTH, 1)
        self.conv_w = nn.Conv2d(REDUCED, WIDTH, 1)

    def forward(self, features: Tensor) -> Tensor:
        rows, columns = features.mean(dim=3, keepdim=True), features.mean(dim=2, keepdim=True)
        rows, columns = (F.hardswish(self.bn1(self.conv1(means))) for means in (rows, columns))
        weighted: Tensor = features * torch.sigmoid(self.conv_w(columns)) * torch.sigmoid(self.conv_h(rows))
        return weighted


class _Interaction(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.key_embed = _conv(WIDTH)
        self.embed = nn.Sequential(
            nn.Conv2d(WIDTH, EMBEDDED, 1, bias=False),
            nn.BatchNorm2d(EMBEDDED),
            nn.ReLU(),
            nn.Conv2d(EMBEDDED, 1, 1),
            nn.BatchNorm2d(1),
        )
        self.conv1x1 = nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH))

    def forward(self, value: Tensor, key: Tensor, query: Tensor) -> Tensor:
        embedded = self.key_embed(key)
        mixed: Tensor = self.embed(query + embedded) * self.conv1x1(value) + embedded
        return mixed

    def weigh_by_both(self, value: Tensor, first: Tensor, second: Tensor) -> Tensor:
        weighted: Tensor = self.embed(self.key_embed(first) + self.key_embed(second)) * self.conv1x1(value)
        return weighted


class ITFuse(PretrainedFuser):
    """ITFuse.

    Args:
        weights: The published file, or your own of the same network.
        device: Where to compute.
    """

    name = "itfuse"
    label = "ITFuse"
    paper = (
        "Tang, He and Liu, ITFuse: an interactive transformer for infrared and visible image fusion, "
        "Pattern Recognition 156, 2024"
    )
    weights_needed = f"model.pth of {SOURCE}"
    tileable = False
    network_type = ITFuseNetwork
    published = PublishedWeights(
        method="ITFuse",
        files={"model.pth": "578f4d651c998134c4984ae635286557aa96aea99d9d5b9aa610021134113a69"},
        published_at=f"{SOURCE}: models/model.pth",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Without what has no effect or is not used."""
        return keep_values({name: value for name, value in tensors.items() if not name.startswith(UNUSED)})

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(infrared, y)
        return fused
