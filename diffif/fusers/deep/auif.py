"""AUIF: an optimisation that splits an image into base and detail, unrolled into ten trained steps each.

Every step has one kernel of 64 filters, used forwards and, turned by 180 degrees, backwards. Away from the border the
two are one 5x5 filter, which takes a twentieth of the time (`filter_twice`). The features of both sources are added, as
published; `rule=average` is the authors' alternative, and with it the decoder works outside the range that it was
trained for. The result is a sigmoid and is not stretched. The published command takes grey images and rounds to 8 bit;
luma and the visible image's chroma are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import PublishedWeights

STEPS, FILTERS = 10, 64
BLUR_SIDE, LAPLACE_SIDE = 11, 19
# Pixels next to the border that depend on how it is treated, and the width of the strips in which they are exact.
BORDER, STRIP = 2, 6
SOURCE = "the AUIF project (github.com/Zhaozixiang1228/IVIF-AUIF-Net)"
FILES = {
    "TCSVT_Encoder_Base.model": "c4fe51b85637e3befc89b27e3cbb7a765aea37871eb4da4f58b471680ce7eb72",
    "TCSVT_Encoder_Detail.model": "92e1ad6a4b7e5a2acc442a3a57c3b0e48a2af262f487942e42d81334de204726",
    "TCSVT_Decoder.model": "7966d490bb4003821c8f20ce1197c22d020ab986850571c5dfa02b0defad8ad3",
}
PREFIXES = {
    "TCSVT_Encoder_Base/conv1.": "base.",
    "TCSVT_Encoder_Detail/conv2.": "detail.",
    "TCSVT_Decoder/decoder.1.": "decoder.0.",
    "TCSVT_Decoder/decoder.2.": "decoder.1.",
}


class AUIFNetwork(nn.Module):
    """Infrared and visible Y (B, 1, H, W) in [0, 1] to fused Y in (0, 1); H and W at least 10."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.ModuleList([_Step() for _ in range(STEPS)])
        self.detail = nn.ModuleList([_Step() for _ in range(STEPS)])
        convolution = nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect", bias=False)
        self.decoder = nn.Sequential(convolution, nn.BatchNorm2d(1), nn.Sigmoid())

    def encode(self, image: Tensor) -> Tensor:
        """Base plus detail, (B, 1, H, W); the decoder sees only their sum."""
        base, detail = blur(image), laplace(image)
        for base_step, detail_step in zip(self.base, self.detail, strict=True):
            base, detail = base_step(base, image), detail_step(detail, image)
        encoded: Tensor = base + detail
        return encoded

    def forward(self, infrared: Tensor, y: Tensor, scale: float = 1.0) -> Tensor:
        """Fused luma; `scale` multiplies the sum of the features."""
        fused: Tensor = self.decoder(scale * (self.encode(infrared) + self.encode(y)))
        return fused


class _Step(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.zeros(FILTERS, 1, 3, 3))
        self.eta = nn.Parameter(torch.zeros(1))
        self.theta = nn.Parameter(torch.zeros(1))
        self.rest = nn.Sequential(nn.BatchNorm2d(1), nn.PReLU())

    def forward(self, part: Tensor, image: Tensor) -> Tensor:
        penalty = self.rest(filter_twice(part, self.kernel))
        stepped: Tensor = part - self.eta * (penalty - self.theta * (image - part))
        return stepped


def filter_twice(image: Tensor, kernel: Tensor) -> Tensor:
    """64 filters and back: correlation with `kernel`, then the sum of correlations with its filters turned around.

    Args:
        image: (B, 1, H, W), H and W at least 10.
        kernel: (64, 1, 3, 3). Image and features are reflected at the border.

    Returns:
        Same shape as the image.
    """
    both = F.conv2d(kernel.transpose(0, 1), kernel.transpose(0, 1), padding=BORDER)
    filtered = F.pad(F.conv2d(image, both), (BORDER,) * 4)
    # The reflected features are not those of a reflected image: near the border both steps are done.
    for dim in (-2, -1):
        for start, kept in ((0, 0), (image.shape[dim] - STRIP, STRIP - BORDER)):
            strip = _filter_and_back(image.narrow(dim, start, STRIP), kernel)
            filtered.narrow(dim, start + kept, BORDER).copy_(strip.narrow(dim, kept, BORDER))
    return filtered


def _filter_and_back(image: Tensor, kernel: Tensor) -> Tensor:
    features = F.conv2d(_reflect(image, 1), kernel)
    return F.conv2d(_reflect(features, 1), kernel.flip(-1, -2).transpose(0, 1))


def blur(image: Tensor) -> Tensor:
    """Mean over 11x11 pixels, (B, 1, H, W), reflected at the border."""
    return F.avg_pool2d(_reflect(image, BLUR_SIDE // 2), BLUR_SIDE, stride=1)


def laplace(image: Tensor) -> Tensor:
    """Half the difference of the mean of 19x19 neighbours and the pixel, (B, 1, H, W), reflected at the border."""
    neighbours = LAPLACE_SIDE**2 - 1
    total = F.avg_pool2d(_reflect(image, LAPLACE_SIDE // 2), LAPLACE_SIDE, stride=1) * (neighbours + 1)
    return (total - image - neighbours * image) / (2 * neighbours)


def _reflect(image: Tensor, width: int) -> Tensor:
    return F.pad(image, (width,) * 4, mode="reflect")


class AUIF(PretrainedFuser):
    """AUIF-Net.

    Args:
        weights: The folder of the three published files, one of them, or a converted file.
        rule: "sum" adds the features of both sources, as published; "average" takes their mean.
        device: Where to compute.
    """

    name = "auif"
    label = "AUIF"
    paper = (
        "Zhao et al., Efficient and model-based infrared and visible image fusion via algorithm unrolling, "
        "IEEE TCSVT 32(3), 2022"
    )
    weights_needed = f"{', '.join(FILES)} of {SOURCE}"
    min_size = LAPLACE_SIDE // 2 + 1
    network_type = AUIFNetwork
    published = PublishedWeights(method="AUIF", files=FILES, published_at=f"{SOURCE}: Models/")

    def __init__(
        self, *, weights: str | None = None, rule: Literal["sum", "average"] = "sum", device: str = "cpu"
    ) -> None:
        super().__init__(weights=weights, device=device, settings={"rule": rule})
        self.rule = rule

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From file and layer to this network's parts."""
        state = {}
        for name, value in tensors.items():
            prefix = next((prefix for prefix in PREFIXES if name.startswith(prefix)), "")
            state[PREFIXES.get(prefix, "") + name.removeprefix(prefix)] = value
        return state

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(infrared, y, 0.5 if self.rule == "average" else 1.0)
        return fused
