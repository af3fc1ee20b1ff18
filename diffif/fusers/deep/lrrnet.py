"""LRRNet: low-rank and salient features of each source from unrolled optimisation, fused by convolutions.

Each source is first stretched to its own minimum and maximum, and so is the result, as published. The network's own
range is narrow (about 0.03 to 0.27), so that "clip" gives a nearly black image; it is here to look at the network. Both
need the whole image, so images are never tiled. The published command reads the visible image as rounded grey and
truncates to 8 bit; luma that is not rounded and the visible image's chroma are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

WIDTH, BLOCKS = 256, 4
EPSILON = 1e-5
SOURCE = "the LRRNet project (github.com/hli1221/imagefusion-LRRNet)"
WEIGHTS = "final_lrr_net_lam2_1.5_wir_3.0_lam3_gram_2000_epoch_4_block_4.model"
DECODER = {"ReZx": WIDTH // 2, "ReUx": WIDTH // 2, "ReZy": WIDTH // 2, "ReUy": WIDTH // 2, "ReL": 2, "ReH": 2}


class LRRNetNetwork(nn.Module):
    """Stretched infrared and visible Y (B, 1, H, W) to a fusion of narrow range; H and W at least 2."""

    def __init__(self) -> None:
        super().__init__()
        self.get_ls1, self.get_ls2 = _Encoder(), _Encoder()
        self.decoder = nn.ModuleDict({f"conv_{name}": _conv(channels, 1) for name, channels in DECODER.items()})

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        """The fusion as the network gives it."""
        low, salient = [], []
        for encoder, image, which in ((self.get_ls1, infrared, "x"), (self.get_ls2, y, "y")):
            features = encoder(image).chunk(2, dim=1)
            low.append(self.decoder[f"conv_ReZ{which}"](features[0]))
            salient.append(self.decoder[f"conv_ReU{which}"](features[1]))
        fused: Tensor = self.decoder["conv_ReL"](torch.cat(low, 1)) + self.decoder["conv_ReH"](torch.cat(salient, 1))
        return fused


def _conv(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1, padding_mode="reflect")


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_Wdz = _conv(WIDTH, 1)
        self.conv_Wdtz = _conv(1, WIDTH)

    def forward(self, image: Tensor, features: Tensor) -> Tensor:
        correction: Tensor = self.conv_Wdtz(image - self.conv_Wdz(features))
        return correction


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lamj = nn.Parameter(torch.zeros(1, WIDTH))
        self.lamz = nn.Parameter(torch.zeros(1, 1))
        self.conv_W00 = _conv(1, WIDTH)
        self.blocks = nn.ModuleList([_Block() for _ in range(BLOCKS)])

    def forward(self, image: Tensor) -> Tensor:
        threshold = self.lamj.view(1, WIDTH, 1, 1)
        features = soft_threshold(self.conv_W00(image), threshold)
        for block in self.blocks:
            features = soft_threshold(torch.addcmul(block(image, features), features, self.lamz), threshold)
        return features


def soft_threshold(values: Tensor, threshold: Tensor) -> Tensor:
    """sign(v) max(|v| - t, 0); a negative threshold enlarges, as one trained threshold of the published file does."""
    return (values.abs() - threshold).clamp_min_(0.0).mul_(values.sign())


def normalise(image: Tensor, scale: float = 1.0) -> Tensor:
    """Each image of (B, 1, H, W) from its minimum to its maximum; a constant image becomes 0.

    The published formula adds 1e-5 to the range, of sources in [0, 255] (scale) and of the result as it comes.
    """
    low, high = image.amin(dim=(1, 2, 3), keepdim=True), image.amax(dim=(1, 2, 3), keepdim=True)
    return scale * (image - low) / (scale * (high - low) + EPSILON)


class LRRNet(StretchedFuser):
    """LRRNet.

    Args:
        weights: The published file, or your own of the same network.
        output: "stretch" each image's range to [0, 1], as the published command does, or "clip".
        device: Where to compute.
    """

    name = "lrrnet"
    label = "LRRNet"
    paper = (
        "Li et al., LRRNet: a novel representation learning guided fusion network for infrared and visible images, "
        "IEEE TPAMI 45(9), 2023"
    )
    weights_needed = f"{WEIGHTS} of {SOURCE}, saved as LRRNet.pt"
    min_size = 2
    tileable = False
    batched = False
    network_type = LRRNetNetwork
    published = PublishedWeights(
        method="LRRNet",
        files={"LRRNet.pt": "1de9dd8dee9b650ce69c74ea53e3b9a6b749222f1059a689aabf28f68ee63e29"},
        published_at=f"{SOURCE}: model/{WEIGHTS}",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Blocks as a list; convolutions without the wrapper that pads."""
        return {
            name.replace(".conv2d.", ".").replace(".lrrblock", ".blocks."): value for name, value in tensors.items()
        }

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(normalise(infrared, 255), normalise(y, 255))
        return fused

    def _finish(self, fused: Tensor) -> Tensor:
        return normalise(fused) if self.output == "stretch" else fused
