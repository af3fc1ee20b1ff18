"""MMDRFuse: two convolutions of 113 parameters in all, distilled from a larger fusion network.

The published command saves each image stretched to its own minimum and maximum, so that contrast, EN and SD of the
paper include the stretching; "clip" leaves the network's values as they are, and in a table it is another method. The
published command reads the visible image as rounded grey and writes grey; luma that is not rounded and the visible
image's chroma are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

SOURCE = "the MMDRFuse project (github.com/yanglinDeng/MMDRFuse)"


class MMDRFuseNetwork(nn.Module):
    """(B, 2, H, W) infrared and visible Y in [0, 1] to fused Y (B, 1, H, W) in (-1, 1); H and W at least 2."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect")
        self.conv2 = nn.Conv2d(4, 1, 3, padding=1, padding_mode="reflect")

    def forward(self, sources: Tensor) -> Tensor:
        """Fused luma, neither clipped nor stretched."""
        return torch.tanh(self.conv2(torch.relu(self.conv1(sources))))


class MMDRFuse(StretchedFuser):
    """MMDRFuse, the distilled student.

    Args:
        weights: The published file, or your own of the same network.
        output: "stretch" each image's range to [0, 1], as the published command does, or "clip" it.
        device: Where to compute.
    """

    name = "mmdrfuse"
    label = "MMDRFuse"
    paper = (
        "Deng et al., MMDRFuse: distilled mini-model with dynamic refresh for multi-modality image fusion, ACM MM 2024"
    )
    weights_needed = f"student.model of {SOURCE}, saved as MMDRFuse_student.pt"
    min_size = 2
    network_type = MMDRFuseNetwork
    published = PublishedWeights(
        method="MMDRFuse",
        files={"MMDRFuse_student.pt": "e5ad5bab796f4480dbbc35a8f6f63e69ba3ccd1842476d2c2453ca1aca6eb17c"},
        published_at=f"{SOURCE}: pretrained_models/student.model",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The published network keeps the padding as a layer of its own before each convolution."""
        return {name.replace(".1.", "."): value for name, value in tensors.items()}

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(torch.cat((infrared, y), dim=1))
        return fused
