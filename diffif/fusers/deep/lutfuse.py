"""LUT-Fuse: a learnt table of four dimensions, looked up at every pixel.

Its coordinates are visible luma, its gradient, a context value from a small network that sees colour, and infrared;
table and network were trained together and must not be mixed. As published the fused luma is not limited; the visible
image's chroma is added and the colour result is clipped, which is not the same as clipping luma. The published loader
resizes images to multiples of 16; the computation does not need that, so images keep their size here. Gradient and
context are normalised over the whole image, so it is never tiled.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from datasets.images import rgb_to_ycbcr, ycbcr_to_rgb
from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import PublishedWeights

WIDTH, ENTRIES = 16, 16
SLOPE = 0.2
# Coordinates are 8-bit values over 16: white lands at 15.94, and the last cell is flat.
COORDINATE_SCALE = 255 / 16
SOBEL = ((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0))
SOURCE = "the LUT-Fuse project (github.com/zyb5/LUT-Fuse)"
FILES = {
    "LUTFuse_context.pth": "e79da8ecfdc3512a1c9f55efc1d47238154b596df2db48b6f01b235fdf575900",
    "LUTFuse_lut.npy": "e237e9807915e2252b3a3f5905e7badefdb89c07ac1e80dbc390a526e31ed6a0",
}


class LUTFuseNetwork(nn.Module):
    """Visible RGB (B, 3, H, W) and infrared (B, 1, H, W) in [0, 1] to fused Y (B, 1, H, W), not limited."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros((ENTRIES,) * 4))
        self.input_layer = nn.Sequential(*_unit(4))
        self.mid_layer = nn.Sequential(*_unit(WIDTH), *_unit(WIDTH), *_unit(WIDTH))
        # The published network has a dropout in front, which does nothing after training.
        self.output_layer = nn.Sequential(nn.Identity(), nn.Conv2d(WIDTH, 1, 3, padding=1))

    def context(self, visible: Tensor, infrared: Tensor) -> Tensor:
        """The third coordinate, (B, 1, H, W) in (0, 1)."""
        shallow = self.input_layer(255 * torch.cat((visible, infrared), dim=1))
        return torch.sigmoid(self.output_layer(self.mid_layer(shallow) + shallow))

    def forward(self, visible: Tensor, y: Tensor, infrared: Tensor) -> Tensor:
        """Fused luma; `y` is the luma of `visible`."""
        return interpolate(self.table, (y, gradient(y), self.context(visible, infrared), infrared))


def _unit(channels: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, WIDTH, 3, padding=1), nn.LeakyReLU(SLOPE), nn.InstanceNorm2d(WIDTH, affine=True)]


def gradient(y: Tensor) -> Tensor:
    """Sobel magnitude of (B, 1, H, W), each image stretched to [0, 1].

    Zero padding is part of the method: it makes the border the strongest edge of most images, which sets the scale.
    """
    across = torch.tensor(SOBEL, dtype=y.dtype, device=y.device)
    kernels = torch.stack((across, across.T)).unsqueeze(1)
    magnitude = F.conv2d(y, kernels, padding=1).square().sum(dim=1, keepdim=True).sqrt()
    low, high = magnitude.amin(dim=(1, 2, 3), keepdim=True), magnitude.amax(dim=(1, 2, 3), keepdim=True)
    return (magnitude - low) / (high - low + 1e-8)


def interpolate(table: Tensor, axes: Sequence[Tensor]) -> Tensor:
    """Multilinear interpolation in a table of 16 entries an axis, at coordinates in [0, 1] of one shape."""
    scaled = [axis * COORDINATE_SCALE for axis in axes]
    lower = [axis.floor().long().clamp(0, ENTRIES - 1) for axis in scaled]
    corners = [(low, (low + 1).clamp_max(ENTRIES - 1)) for low in lower]
    values = [table[corner] for corner in itertools.product(*corners)]
    for axis, low in zip(reversed(scaled), reversed(lower), strict=True):
        fraction = axis - low
        values = [torch.lerp(a, b, fraction) for a, b in zip(values[::2], values[1::2], strict=True)]
    return values[0]


class LUTFuse(PretrainedFuser):
    """LUT-Fuse.

    Args:
        weights: The folder of the published table and context network, one of the two, or a converted file.
        device: Where to compute.
    """

    name = "lutfuse"
    label = "LUT-Fuse"
    paper = (
        "Yi et al., LUT-Fuse: towards extremely fast infrared and visible image fusion via distillation to learnable "
        "look-up tables, ICCV 2025"
    )
    weights_needed = f"generator_context.pth and fine_tuned_lut.npy of {SOURCE}, saved as {' and '.join(FILES)}"
    tileable = False
    network_type = LUTFuseNetwork
    published = PublishedWeights(method="LUTFuse", files=FILES, published_at=f"{SOURCE}: ckpts/")

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From file and name; the table without its last axis of length 1."""
        state = {name.removeprefix("LUTFuse_context/"): value for name, value in tensors.items()}
        table = state.pop("LUTFuse_lut/array", None)
        return state if table is None else {**state, "table": table.squeeze(-1)}

    def _fuse(self, visible: Tensor, infrared: Tensor, ids: Sequence[str] | None) -> Tensor:
        y, cb, cr = rgb_to_ycbcr(visible)
        return ycbcr_to_rgb(self.network(visible, y, infrared), cb, cr)
