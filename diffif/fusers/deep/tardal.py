"""TarDAL: a densely connected generator trained against two discriminators, in its three published trainings.

`tardal` is the plain training, `tardal+` is tuned together with a detector, `tardal++` with task-oriented weights.
The network maps (infrared, visible) to [-1, 1]; the published command clips that to [0, 1]. Its batch norm runs with
the single image's own statistics for `tardal` (the command leaves training mode on) and with the stored ones for the
other two; `statistics=` chooses. The published command rounds the grey visible image to 8 bit first; we do not.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser, use_image_statistics
from diffif.fusers.published.weights import PublishedWeights

DIM, DEPTH = 32, 3
SOURCE = "the TarDAL project (github.com/JinyuanLiu-CV/TarDAL)"


class TarDALNetwork(nn.Module):
    """Generator: (B, 2, H, W) infrared and visible in [0, 1] to (B, 1, H, W) in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = _block(2, DIM)
        self.dense = nn.ModuleList([_block(DIM * (level + 1), DIM) for level in range(DEPTH)])
        width = DIM * (DEPTH + 1)
        self.fuse = nn.Sequential(
            nn.Sequential(nn.Conv2d(width, 4 * DIM, 3, padding=1), nn.ReLU()),
            _block(4 * DIM, 2 * DIM),
            _block(2 * DIM, DIM),
            nn.Sequential(nn.Conv2d(DIM, 1, 3, padding=1), nn.Tanh()),
        )

    def forward(self, sources: Tensor) -> Tensor:
        """Fused Y, (B, 1, H, W), from the stacked sources."""
        features = self.encoder(sources)
        for layer in self.dense:
            features = torch.cat((features, layer(features)), dim=1)
        fused: Tensor = self.fuse(features)
        return fused


def _block(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU())


class TarDAL(PretrainedFuser):
    """TarDAL, plain training.

    Args:
        weights: The published file, or your own of the same network.
        statistics: Batch norm with the image's own statistics ("image") or the stored ones ("stored");
            "published" is what the published command does for this training.
        device: Where to compute.
    """

    name = "tardal"
    label = "TarDAL"
    paper = "Liu et al., Target-aware dual adversarial learning (TarDAL), CVPR 2022"
    weights_needed = f"tardal.pt of {SOURCE}"
    network_type = TarDALNetwork
    published = PublishedWeights(
        method="TarDAL",
        files={"tardal.pt": "e0fa61e25cffa9fb14ff17b47ea7ba237a6e8c6f37e1b9b115d63354ff0f13e1"},
        published_at=SOURCE,
    )
    published_statistics: Literal["image", "stored"] = "image"

    def __init__(
        self,
        *,
        weights: str | None = None,
        statistics: Literal["published", "image", "stored"] = "published",
        device: str = "cpu",
    ) -> None:
        resolved = self.published_statistics if statistics == "published" else statistics
        super().__init__(weights=weights, device=device, settings={"statistics": resolved})
        if resolved == "image":
            # An image's statistics need the whole image, and it alone.
            self.batched = self.tileable = False
            use_image_statistics(self.network)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(torch.cat((infrared, y), dim=1))
        return fused


class TarDALPlus(TarDAL):
    """TarDAL tuned together with a detector."""

    name = "tardal+"
    label = "TarDAL+"
    weights_needed = f"tardal+.pt of {SOURCE}"
    published = PublishedWeights(
        method="TarDAL",
        files={"tardal+.pt": "cff3756548b511e3e415616debc557cdc85b3bb19393ca158cac8d08f232897c"},
        published_at=SOURCE,
    )
    published_statistics: Literal["image", "stored"] = "stored"


class TarDALPlusPlus(TarDAL):
    """TarDAL with task-oriented weights."""

    name = "tardal++"
    label = "TarDAL++"
    weights_needed = f"tardal++.pt of {SOURCE}"
    published = PublishedWeights(
        method="TarDAL",
        files={"tardal++.pt": "7009d125e36db043d6918d9358e10c6dca7fdf2dd08ada09c5ecd294f45f98c5"},
        published_at=SOURCE,
    )
    published_statistics: Literal["image", "stored"] = "stored"
