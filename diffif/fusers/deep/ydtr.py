"""YDTR: one branch for both sources, a transformer after every attention module, features added.

Both sources and their sum pass the same convolution, attention module and transformer. Its channel attention takes
means over the whole image and the transformer's tokens depend on the image's size (`single_token_transformer.py`), so
images are never tiled. As published the result is not stretched; its Tanh is clipped to [0, 1] here, where the
published command truncates to 8 bit. The published command reads the visible image as rounded grey and writes grey;
luma that is not rounded and the visible image's chroma are ours.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.deep.single_token_transformer import SingleTokenTransformer, keep_values
from diffif.fusers.published.weights import PublishedWeights

WIDTH, REDUCED = 64, 8
DEPTH = 2
SOURCE = "the YDTR project (github.com/tthinking/YDTR)"


class YDTRNetwork(nn.Module):
    """Infrared and visible Y (B, 1, H, W) in [0, 1] to fused Y in (-1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        conv = nn.Conv2d(1, WIDTH, 3, padding=1, padding_mode="replicate")
        self.convInput = nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(WIDTH), relu=nn.ReLU()))
        self.DDF = _Attention()
        self.basicLayer = SingleTokenTransformer(WIDTH, DEPTH)
        self.convolutional_out = nn.Sequential(OrderedDict(conv=nn.Conv2d(WIDTH, 1, 1), tanh=nn.Tanh()))

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        """Fused luma, not clipped."""
        branches = [self.basicLayer(self.DDF(self.convInput(source))) for source in (infrared, y)]
        fused: Tensor = self.convolutional_out(self.basicLayer(self.DDF(branches[0] + branches[1])))
        return fused


class _Attention(nn.Module):
    # Both weights are used as they come: no sigmoid, and no activation between the spatial convolutions.
    def __init__(self) -> None:
        super().__init__()
        spatial = nn.Sequential(nn.Conv2d(WIDTH, REDUCED, 3, padding=1), nn.Conv2d(REDUCED, 1, 3, padding=1))
        self.spatial_branch = nn.Sequential(OrderedDict(body=spatial))
        channel = nn.Sequential(nn.Conv2d(WIDTH, REDUCED, 1), nn.ReLU(), nn.Conv2d(REDUCED, WIDTH, 1))
        self.channel_branch = nn.Sequential(OrderedDict(pool=nn.AdaptiveAvgPool2d(1), fc=channel))

    def forward(self, features: Tensor) -> Tensor:
        weighted: Tensor = features * self.spatial_branch(features) + features * self.channel_branch(features)
        return weighted


class YDTR(PretrainedFuser):
    """YDTR.

    Args:
        weights: The published file, or your own of the same network.
        device: Where to compute.
    """

    name = "ydtr"
    label = "YDTR"
    paper = (
        "Tang, He and Liu, YDTR: infrared and visible image fusion via Y-shape dynamic transformer, IEEE TMM 25, 2023"
    )
    weights_needed = f"model_10.pth of {SOURCE}"
    tileable = False
    batched = False
    network_type = YDTRNetwork
    published = PublishedWeights(
        method="YDTR",
        files={"model_10.pth": "183c31a103ada74063e644b300d6708ed567dcc231a9d0f8d52e098c6c2a0d32"},
        published_at=f"{SOURCE}: models/model_10.pth",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Without what has no effect and without two convolutions that the forward pass does not use."""
        return keep_values({n: t for n, t in tensors.items() if not n.startswith(("conv64.", "conv."))})

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(infrared, y)
        return fused
