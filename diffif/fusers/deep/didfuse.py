"""DIDFuse: sources are split into base and detail features, fused per kind, and decoded together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import PublishedWeights

WIDTH = 64
SOURCE = "the DIDFuse project (github.com/Zhaozixiang1228/IVIF-DIDFuse)"


class DIDFuseNetwork(nn.Module):
    """Encoder and decoder; layer numbers as in the paper's Table 1."""

    def __init__(self) -> None:
        super().__init__()
        self.cov1 = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(1, WIDTH, 3), nn.BatchNorm2d(WIDTH), nn.PReLU())
        self.cov2 = _block(WIDTH, nn.PReLU())
        self.cov3 = _block(WIDTH, nn.Tanh())
        self.cov4 = _block(WIDTH, nn.Tanh())
        self.cov5 = _block(2 * WIDTH, nn.PReLU())
        self.cov6 = _block(2 * WIDTH, nn.PReLU())
        self.cov7 = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(2 * WIDTH, 1, 3), nn.BatchNorm2d(1), nn.Sigmoid())

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """First and second features, base and detail, each (B, 64, H, W), of (B, 1, H, W) in [0, 1]."""
        first = self.cov1(image)
        second = self.cov2(first)
        return first, second, self.cov3(second), self.cov4(second)

    def decode(self, first: Tensor, second: Tensor, base: Tensor, detail: Tensor) -> Tensor:
        """The image (B, 1, H, W) in (0, 1)."""
        features = self.cov5(torch.cat((base, detail), dim=1))
        features = self.cov6(torch.cat((features, second), dim=1))
        image: Tensor = self.cov7(torch.cat((features, first), dim=1))
        return image


def _block(channels: int, activation: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, WIDTH, 3, padding=1), nn.BatchNorm2d(WIDTH), activation)


def fuse_by_activity(first: Tensor, second: Tensor) -> Tensor:
    """Features weighted by their 3x3 mean L1 activity; one weight map for all channels."""
    kernel = torch.full((1, first.shape[1], 3, 3), 1 / 9, dtype=first.dtype, device=first.device)
    activity_a, activity_b = (F.conv2d(features.abs(), kernel, padding=1) for features in (first, second))
    weight = activity_a / (activity_a + activity_b)
    return weight * first + (1 - weight) * second


class DIDFuse(PretrainedFuser):
    """DIDFuse.

    Args:
        weights: The folder with Encoder.pkl and Decoder.pkl, or one converted file.
        rule: "l1" weighs features by their activity, as published; "sum" adds them.
        device: Where to compute.
    """

    name = "didfuse"
    label = "DIDFuse"
    paper = "Zhao et al., DIDFuse: deep image decomposition for infrared and visible image fusion, IJCAI 2020"
    weights_needed = f"Encoder.pkl and Decoder.pkl of {SOURCE}"
    min_size = 2
    network_type = DIDFuseNetwork
    published = PublishedWeights(
        method="DIDFuse",
        files={
            "Encoder.pkl": "4d84a4e64e58469d3d4591f83c6683ead3e422498519db99bb617cb29d268471",
            "Decoder.pkl": "c6974e2a7c66ab579a77bacb086023237a229e769d459783bad8ff43e52e9986",
        },
        published_at=SOURCE,
    )

    def __init__(self, *, weights: str | None = None, rule: Literal["l1", "sum"] = "l1", device: str = "cpu") -> None:
        super().__init__(weights=weights, device=device, settings={"rule": rule})
        self.rule = rule

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Published names say the layer twice: Encoder/cov1.cov1.1.weight."""
        return {name.split(".", 1)[1]: value for name, value in tensors.items()}

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        network: DIDFuseNetwork = self.network  # type: ignore[assignment]
        pairs = zip(network.encode(infrared), network.encode(y), strict=True)
        if self.rule == "l1":
            return network.decode(*(fuse_by_activity(a, b) for a, b in pairs))
        return network.decode(*(a + b for a, b in pairs))
