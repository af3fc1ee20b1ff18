"""SAGE: the small network that a SAM-guided fusion network was distilled into; it runs without SAM.

Three scales of plain convolutions with skip connections. Sizes need no padding: odd sides are halved downwards and
resized back. As published, the visible luma comes first and the result is clipped, not stretched. The published
command rounds the visible luma to 8 bit first; we do not.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import PublishedWeights

WIDTH = 32
SLOPE = 0.01
SOURCE = "the SAGE project (github.com/RollingPlain/SAGE_IVIF)"


class SAGENetwork(nn.Module):
    """(B, 2, H, W) visible Y and infrared in [0, 1] to fused Y (B, 1, H, W) in (-1, 1); H and W at least 4."""

    def __init__(self) -> None:
        super().__init__()
        self.module1 = _units(2, WIDTH, WIDTH, WIDTH)
        self.module2 = _units(WIDTH, WIDTH, WIDTH, WIDTH)
        self.module3 = _units(WIDTH, WIDTH, WIDTH, WIDTH)
        self.adjust_channels4 = _units(2 * WIDTH, WIDTH, size=1)
        self.module4 = _units(WIDTH, WIDTH, WIDTH, WIDTH)
        self.adjust_channels5 = _units(2 * WIDTH, WIDTH, size=1)
        self.module5 = _units(WIDTH, WIDTH, WIDTH, WIDTH)
        self.final_decoder = nn.Sequential(nn.Conv2d(WIDTH, 1, 3, padding=1), nn.Tanh())

    def forward(self, sources: Tensor) -> Tensor:
        """Fused luma, not clipped."""
        fine = self.module1(sources)
        middle = self.module2(F.max_pool2d(fine, 2))
        coarse = self.module3(F.max_pool2d(middle, 2))
        middle = self.module4(self.adjust_channels4(_join(coarse, middle)))
        fine = self.module5(self.adjust_channels5(_join(middle, fine)))
        fused: Tensor = self.final_decoder(fine)
        return fused


def _join(coarse: Tensor, skip: Tensor) -> Tensor:
    enlarged = F.interpolate(coarse, skip.shape[-2:], mode="bilinear", align_corners=False)
    return torch.cat((enlarged, skip), dim=1)


def _units(*widths: int, size: int = 3) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels, out in pairwise(widths):
        layers += [nn.Conv2d(channels, out, size, padding=size // 2), nn.BatchNorm2d(out), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers)


class SAGE(PretrainedFuser):
    """SAGE, the distilled student.

    Args:
        weights: The published file, or your own of the same network.
        device: Where to compute.
    """

    name = "sage"
    label = "SAGE"
    paper = (
        "Wu et al., Every SAM drop counts: embracing semantic priors for multi-modality image fusion and beyond, "
        "CVPR 2025"
    )
    weights_needed = f"checkpoints.pt of {SOURCE}, saved as SAGE.pt"
    min_size = 4
    network_type = SAGENetwork
    published = PublishedWeights(
        method="SAGE",
        files={"SAGE.pt": "ecfde477ca4cd65401f207d5dc91ce6c475a49891d768dbdb7a66366255ee836"},
        published_at=f"{SOURCE}: checkpoints/checkpoints.pt",
    )

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(torch.cat((y, infrared), dim=1))
        return fused
