"""DATFuse: residual dual attention around a transformer, in 10,840 stored numbers.

The attention module's convolution is one set of weights that is applied four times. Channel attention takes means over
the whole image, and the transformer's tokens depend on the image's size (`single_token_transformer.py`), so images are
never tiled. As published the result is not stretched; its Tanh is clipped to [0, 1] here, where the published command
truncates to 8 bit. The published command reads the visible image as rounded grey and writes grey; luma that is not
rounded and the visible image's chroma are ours.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.deep.single_token_transformer import SingleTokenTransformer, keep_values
from diffif.fusers.published.weights import PublishedWeights

WIDTH, REDUCED = 16, 4
DEPTH = 2
SOURCE = "the DATFuse project (github.com/tthinking/DATFuse)"


class DATFuseNetwork(nn.Module):
    """(B, 2, H, W) infrared and visible Y in [0, 1] to fused Y (B, 1, H, W) in (-1, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutional = _conv_norm(2, WIDTH, 5)
        self.fem = _conv_norm(WIDTH, WIDTH, 3)
        self.cam = nn.Sequential(
            OrderedDict(
                pool=nn.AdaptiveAvgPool2d(1),
                fc=nn.Sequential(nn.Conv2d(WIDTH, REDUCED, 1), nn.ReLU(), nn.Conv2d(REDUCED, WIDTH, 1)),
                gate=nn.Sigmoid(),
            )
        )
        self.sam = nn.Sequential(
            OrderedDict(
                body=nn.Sequential(
                    nn.Conv2d(WIDTH, REDUCED, 3, padding=1),
                    nn.BatchNorm2d(REDUCED),
                    nn.ReLU(),
                    nn.Conv2d(REDUCED, 1, 3, padding=1),
                    nn.BatchNorm2d(1),
                    nn.Sigmoid(),
                )
            )
        )
        self.basicLayer = SingleTokenTransformer(WIDTH, DEPTH)
        self.convolutional_out = nn.Sequential(OrderedDict(conv=nn.Conv2d(WIDTH, 1, 1), tanh=nn.Tanh()))

    def _extract(self, features: Tensor) -> Tensor:
        extracted: Tensor = self.fem(torch.relu(self.fem(features)))
        return extracted

    def _attend(self, features: Tensor) -> Tensor:
        attended: Tensor = features * self.cam(features) + features * self.sam(features)
        return attended

    def forward(self, sources: Tensor) -> Tensor:
        """Fused luma, not clipped."""
        shallow = torch.relu(self.convolutional(sources))
        encoded = self.basicLayer(torch.relu(self._attend(self._extract(shallow)) + shallow))
        # The second module adds its own extracted features, not what it was given.
        extracted = self._extract(encoded)
        fused: Tensor = self.convolutional_out(self._attend(extracted) + extracted)
        return fused


def _conv_norm(channels: int, out: int, size: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, out, size, padding=size // 2, padding_mode="replicate")
    return nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(out)))


class DATFuse(PretrainedFuser):
    """DATFuse.

    Args:
        weights: The published file, or your own of the same network.
        device: Where to compute.
    """

    name = "datfuse"
    label = "DATFuse"
    paper = (
        "Tang et al., DATFuse: infrared and visible image fusion via dual attention transformer, IEEE TCSVT 33(7), 2023"
    )
    weights_needed = f"model_10.pth of {SOURCE}"
    tileable = False
    network_type = DATFuseNetwork
    published = PublishedWeights(
        method="DATFuse",
        files={"model_10.pth": "075b636954cbd425fc29be808bcfb42232e29b203f054c2a637ed301300d5a1d"},
        published_at=SOURCE,
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Without what has no effect."""
        return keep_values(tensors)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(torch.cat((infrared, y), dim=1))
        return fused
