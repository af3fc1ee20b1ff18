"""GeSeNet: medical fusion that computes part of its features only where a mask asks for it.

The functional image (CT, PET or SPECT) stands in the visible's place, MRI in the infrared's. The published command
leaves training mode on: masks over pixels and channels are soft and drawn with Gumbel noise, anew for every image and
run. Here the noise has a seed, so that an image is always the same ("sampled"); "hard" decides without noise, as the
authors' evaluation mode does. The published command stretches the colour result's minimum and maximum (`output=`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.seafusion import GradientResidualDenseBlock
from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

STEM, WIDTH, LAYERS = 16, 32, 4
REDUCED = WIDTH // 16
CONV_SLOPE, REFINE_SLOPE, MERGE_SLOPE = 0.2, 0.1, 0.01
SOURCE = "the GeSeNet project (github.com/lok-18/GeSeNet)"


class GeSeNetNetwork(nn.Module):
    """Functional Y and MRI (1, 1, H, W) in [0, 1] to fused Y in (0, 1); H and W even."""

    def __init__(self) -> None:
        super().__init__()
        for source in ("vis", "inf"):
            self.add_module(f"{source}_conv", _Conv(1, STEM))
            self.add_module(f"{source}_eem", GradientResidualDenseBlock(STEM, WIDTH))
            self.add_module(f"{source}_rmm", _RegionMask())
        self.sft = _Refinement()
        self.decoder2 = _Conv(3 * WIDTH, WIDTH)
        self.decoder1 = _Conv(WIDTH, 1)

    def _encode(self, source: str, image: Tensor, noise: torch.Generator | None) -> tuple[Tensor, Tensor]:
        shallow = F.leaky_relu(self.get_submodule(f"{source}_conv")(image), CONV_SLOPE)
        edges = self.get_submodule(f"{source}_eem")(shallow)
        return edges, self.get_submodule(f"{source}_rmm")(edges, noise)

    def forward(self, functional: Tensor, mri: Tensor, noise: torch.Generator | None = None) -> Tensor:
        """Fused luma; masks are drawn from `noise`, or decided where it is None."""
        functional_edges, functional_masked = self._encode("vis", functional, noise)
        mri_edges, mri_masked = self._encode("inf", mri, noise)
        refined = self.sft(torch.cat((functional_masked, mri_masked), dim=1), mri_edges)
        features = F.leaky_relu(self.decoder2(torch.cat((refined, functional_edges), dim=1)), CONV_SLOPE)
        return torch.tanh(self.decoder1(features)) / 2 + 0.5


class _Conv(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        convolved: Tensor = self.conv(features)
        return convolved


def draw_mask(scores: Tensor, dim: int, noise: torch.Generator | None) -> Tensor:
    """Which of two states, as weights that sum to 1 along `dim`: Gumbel-softmax with noise, one-hot without."""
    if noise is None:
        return (scores.softmax(dim) > 0.5).to(scores.dtype)
    # Drawn on the CPU, so that an image does not depend on the device.
    uniform = torch.rand(scores.shape, generator=noise).clamp_min(torch.finfo(torch.float32).tiny).to(scores.device)
    return (scores - (-uniform.log()).log()).softmax(dim)


class _RegionMask(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        reduced = WIDTH // 4
        self.spa_mask = nn.Sequential(
            nn.Conv2d(WIDTH, reduced, 3, padding=1),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(reduced, reduced, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(reduced, 2, 3, stride=2, padding=1, output_padding=1),
        )
        self.body = _MaskedConvolutions()
        self.ca = _ChannelAttention()

    def forward(self, features: Tensor, noise: torch.Generator | None) -> Tensor:
        where = draw_mask(self.spa_mask(features), 1, noise)[:, 1:]
        refined: Tensor = self.ca(self.body(features, where, noise)) + features
        return refined


class _MaskedConvolutions(nn.Module):
    # Channels of state 0 are computed everywhere, of state 1 only where the mask is.
    def __init__(self) -> None:
        super().__init__()
        self.ch_mask = nn.Parameter(torch.zeros(1, WIDTH, LAYERS, 2))
        self.body = nn.Sequential(*[nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False) for _ in range(LAYERS)])
        self.collect = nn.Conv2d(LAYERS * WIDTH, WIDTH, 1)

    def forward(self, features: Tensor, where: Tensor, noise: torch.Generator | None) -> Tensor:
        states = draw_mask(self.ch_mask, 3, noise).unsqueeze(-1)
        everywhere: Tensor | None = None
        masked: Tensor | None = None
        collected = []
        for index, conv in enumerate(self.body):
            # What comes from channels that were computed everywhere, and what from those inside the mask alone.
            full = conv(features if everywhere is None else features * everywhere)
            partial: Tensor | None = None if masked is None else conv(features * masked)
            everywhere, masked = states[:, :, index, :1], states[:, :, index, 1:]
            inside = full * masked if partial is None else full * masked + partial * (everywhere + masked)
            features = torch.relu(full * everywhere + inside * where)
            collected.append(features)
        out: Tensor = self.collect(torch.cat(collected, dim=1))
        return out


class _ChannelAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            nn.Conv2d(WIDTH, REDUCED, 1), nn.ReLU(), nn.Conv2d(REDUCED, WIDTH, 1), nn.Sigmoid()
        )

    def forward(self, features: Tensor) -> Tensor:
        weighted: Tensor = features * self.conv_du(features.mean(dim=(2, 3), keepdim=True))
        return weighted


class _Refinement(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for part, size in (("scale", 3), ("shift", 1)):
            for index, out in enumerate((WIDTH, 2 * WIDTH)):
                self.add_module(f"SFT_{part}_conv{index}", nn.Conv2d(WIDTH, out, size, padding=size // 2))
        self.SFT2 = nn.Conv2d(4 * WIDTH, 2 * WIDTH, 3, padding=1)

    def _condition(self, part: str, features: Tensor) -> Tensor:
        hidden = F.leaky_relu(self.get_submodule(f"SFT_{part}_conv0")(features), REFINE_SLOPE)
        condition: Tensor = self.get_submodule(f"SFT_{part}_conv1")(hidden)
        return condition

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        merged = self.SFT2(torch.cat((features, self._condition("scale", condition)), dim=1))
        return F.leaky_relu(merged, MERGE_SLOPE) + self._condition("shift", condition)


class GeSeNet(StretchedFuser):
    """GeSeNet.

    Args:
        weights: The published file, or your own of the same network.
        masks: "sampled" with noise, as the published command does, or "hard".
        seed: Of the noise; each image starts from it.
        output: "stretch" each colour image's range to [0, 1], as the published command does, or "clip" it.
        device: Where to compute.
    """

    name = "gesenet"
    label = "GeSeNet"
    paper = (
        "Li et al., GeSeNet: a general semantic-guided network with couple mask ensemble for medical image fusion, "
        "IEEE TNNLS 2023"
    )
    stretches = "colour"
    weights_needed = f"GeSeNet.pth of {SOURCE}"
    stride = 2
    tileable = False
    batched = False
    network_type = GeSeNetNetwork
    published = PublishedWeights(
        method="GeSeNet",
        files={"GeSeNet.pth": "3ecbeb6321d190a088a96adac244fcb384506cbfaf31880f08462d2aba518909"},
        published_at=f"{SOURCE}: model/GeSeNet.pth",
    )

    def __init__(
        self,
        *,
        weights: str | None = None,
        masks: Literal["sampled", "hard"] = "sampled",
        seed: int = 0,
        output: Literal["stretch", "clip"] = "stretch",
        device: str = "cpu",
    ) -> None:
        super().__init__(weights=weights, output=output, device=device, settings={"masks": masks, "seed": seed})
        self.masks, self.seed = masks, seed

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Without the batch norm that the forward pass does not use."""
        return {name: value for name, value in tensors.items() if ".bn." not in name}

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        noise = torch.Generator().manual_seed(self.seed) if self.masks == "sampled" else None
        fused: Tensor = self.network(y, infrared, noise)
        return fused
