"""CNN of Liu et al.: a siamese classifier scores which source is in charge of each pixel; pyramids are blended by it.

The network was trained to tell sharp from blurred patches and is used as it is for medical and for infrared pairs.
Where the pyramids' bands resemble each other they are blended with the network's weights, elsewhere the band of higher
energy is taken. As published, the output layer's bias is not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.classical.pyramid import collapse, gaussian_pyramid, laplacian_pyramid
from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import PublishedWeights

PATCH = 16
"""Pixels of the patch that one output of the network judges; its stride is 2."""
SOURCE = "Yu Liu's page of the CNN-based medical image fusion code (github.com/yuliu316316)"


class SiameseClassifier(nn.Module):
    """Which source rules each patch: (B, 1, H, W) twice to (B, 1, H', W') in (0, 1), one value per 2 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, 3, padding=1)
        self.conv2 = nn.Conv2d(64, 128, 3, padding=1)
        self.conv3 = nn.Conv2d(128, 256, 3, padding=1)
        self.output = nn.Conv2d(512, 2, PATCH // 2, bias=False)

    def _features(self, image: Tensor) -> Tensor:
        fine: Tensor = torch.relu(self.conv2(torch.relu(self.conv1(image))))
        return torch.relu(self.conv3(F.max_pool2d(fine, 2, ceil_mode=True)))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Probability that `first` rules."""
        scores = self.output(torch.cat((self._features(first), self._features(second)), dim=1))
        probability: Tensor = scores.softmax(dim=1)[:, 1:2]
        return probability


class MedCNN(PretrainedFuser):
    """CNN fusion (Liu et al.).

    Args:
        weights: The published cnnmodel.mat, or a converted file.
        threshold: Match above which two bands are blended rather than selected; 0.6 as published.
        device: Where to compute.
    """

    name = "medcnn"
    label = "CNN"
    paper = "Liu et al., Infrared and visible image fusion with convolutional neural networks, IJWMIP 16(3), 2018"
    weights_needed = f"cnnmodel.mat of {SOURCE}"
    min_size = PATCH
    tileable = False
    network_type = SiameseClassifier
    published = PublishedWeights(
        method="medcnn",
        files={"cnnmodel.mat": "f826e6739aa6cea943a1323642468760102fc735ff090cd83ab28d998ba76a20"},
        published_at=SOURCE,
    )

    def __init__(self, *, weights: str | None = None, threshold: float = 0.6, device: str = "cpu") -> None:
        super().__init__(weights=weights, device=device, settings={"threshold": threshold})
        self.threshold = threshold

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From MATLAB's names and its column-major (input, pixel, output) kernels."""
        state = {}
        for layer, published in (("conv1", "b1_1"), ("conv2", "b1_2"), ("conv3", "b1_3"), ("output", "output")):
            if f"weights_{published}" not in tensors:
                return dict(tensors)
            kernel = tensors[f"weights_{published}"]
            kernel = kernel if kernel.ndim == 3 else kernel.unsqueeze(0)
            side = math.isqrt(kernel.shape[1])
            # Pixel k lies in row k % side, column k // side.
            kernel = kernel.reshape(kernel.shape[0], side, side, kernel.shape[2]).permute(3, 0, 2, 1)
            state[f"{layer}.weight"] = kernel.contiguous()
            if layer != "output":
                state[f"{layer}.bias"] = tensors[f"biases_{published}"].flatten()
        return state

    def weight_map(self, y: Tensor, infrared: Tensor) -> Tensor:
        """How much of the infrared image each pixel should take, (B, 1, H, W) in (0, 1): the mean over its patches."""
        scores = self.network(infrared, y)
        ones = torch.ones((1, 1, PATCH, PATCH), dtype=y.dtype, device=y.device)
        total = F.conv_transpose2d(scores, ones, stride=2)
        count = F.conv_transpose2d(torch.ones_like(scores[:1]), ones, stride=2)
        return (total / count)[..., : y.shape[-2], : y.shape[-1]]

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        levels = math.floor(math.log2(min(y.shape[-2:]))) - 1
        weights = gaussian_pyramid(self.weight_map(y, infrared), levels)
        bands = zip(laplacian_pyramid(infrared, levels), laplacian_pyramid(y, levels), weights, strict=True)
        return collapse([blend_or_select(a, b, weight, self.threshold) for a, b, weight in bands])


def blend_or_select(first: Tensor, second: Tensor, weight: Tensor, threshold: float) -> Tensor:
    """Burt's rule: a weighted mean where two bands match over 3x3 pixels, else the one of higher energy.

    Source: Burt and Kolczynski, Enhanced image capture through fusion, ICCV 1993.
    """
    energy_a, energy_b, product = (_sum3x3(x) for x in (first * first, second * second, first * second))
    match = 2 * product / (energy_a + energy_b + torch.finfo(torch.float64).eps)
    blended = weight * first + (1 - weight) * second
    selected = torch.where(energy_a > energy_b, first, second)
    return torch.where(match > threshold, blended, selected)


def _sum3x3(image: Tensor) -> Tensor:
    mode = "reflect" if min(image.shape[-2:]) > 1 else "replicate"
    return 9 * F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode=mode), 3, stride=1)
