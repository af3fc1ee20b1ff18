"""The renderer: a fused image as a weighted pyramid of its sources and a small correction, in one pass.

A network at half resolution and below predicts, for every level of a Laplacian pyramid, how much of each source enters
the result. What it cannot express that way, a residual that cannot exceed a bound adds. So the result is made of what
the sources hold, and cannot be far from them however little the network was trained.

It stands alone (`process: render`), and may take the refiner's place in the other processes, where the estimate of the
clean image is one more source.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.model.noise_level import NoiseShift, noise_level_mlp
from suite.errors import SettingsError

EMBEDDING_CHANNELS = 16
"""Width of the code of the noise level."""
SHARPNESS = 4.0
"""Factor on the logits. A pixel that keeps an edge's direction is nearly one source's alone: traces of the other's
noise turn it, and Qabf counts a turn of 18 degrees as half a loss. So the weights must get to 0 and 1 easily."""
FIRST_LOGIT = 1.0
"""At the start the maximum of the sources enters with sigmoid(4) = 0.98, every other image with 0.02."""


@dataclass(frozen=True, kw_only=True)
class RendererSettings:
    """Size of the renderer."""

    widths: tuple[int, ...] = (24, 32, 48)
    """Channels at 1/2, 1/4, 1/8 ... of the resolution; the pyramid has one level more."""
    blocks: tuple[int, ...] = (1, 1, 2)
    """Residual blocks on the way down at each of them; on the way up as many again, but for the coarsest."""
    residual: float = 0.1
    """Largest correction, as a fraction of the range from black to white."""

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built.

        Raises:
            SettingsError: no level, no channel, other numbers of widths and blocks, or a residual outside [0, 1].
        """
        if not self.widths or len(self.widths) != len(self.blocks) or min(self.widths) < 1 or min(self.blocks) < 0:
            raise SettingsError(
                f"renderer needs as many widths (at least 1) as blocks (at least 0), got {self.widths}, {self.blocks}"
            )
        if not 0 <= self.residual <= 1:
            raise SettingsError(f"renderer.residual must lie in [0, 1], got {self.residual}")

    @property
    def stride(self) -> int:
        """Height and width of the input must be multiples of this many pixels."""
        return int(2 ** len(self.widths))


class _Residual(nn.Module):
    """Two 3x3 convolutions, added to their input; the second begins at 0, so that the block begins as nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.second(F.relu(self.first(x)))
        return y


class Renderer(nn.Module):
    """Fuses by weight maps over a pyramid and a bounded residual.

    Args:
        settings: Sizes.
        with_estimate: Whether `forward` is given an estimate of the clean image, and the noise level it was made at.
    Source: Burt and Adelson, The Laplacian Pyramid as a Compact Image Code, 1983, for the pyramid.
    """

    def __init__(self, settings: RendererSettings, *, with_estimate: bool) -> None:
        super().__init__()
        self.settings = settings
        widths, blocks = settings.widths, settings.blocks
        num_images = 3 if with_estimate else 2
        # Beside the images their maximum, and on the levels of detail the stronger source at each pixel.
        num_layers = num_images + 1
        self.noise_level_mlp = noise_level_mlp(EMBEDDING_CHANNELS) if with_estimate else None
        self.noise_func = NoiseShift(EMBEDDING_CHANNELS, widths[0]) if with_estimate else None
        self.first = nn.Conv2d(4 * num_images, widths[0], 3, padding=1)
        self.down_blocks = nn.ModuleList(
            nn.Sequential(*(_Residual(w) for _ in range(n))) for w, n in zip(widths, blocks, strict=True)
        )
        self.up_blocks = nn.ModuleList(
            nn.Sequential(*(_Residual(w) for _ in range(n))) for w, n in zip(widths[:-1], blocks[:-1], strict=True)
        )
        self.shrink = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairwise(widths))
        self.widen = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(widths))
        self.finest_head = nn.Conv2d(widths[0], 4 * (num_layers + 2), 3, padding=1)
        layers = [num_layers + 1] * (len(widths) - 1) + [num_layers]
        self.heads = nn.ModuleList(nn.Conv2d(width, count, 1) for width, count in zip(widths, layers, strict=True))
        self._begin_as_maximum(num_images)

    def forward(self, condition: Tensor, x0: Tensor | None = None, noise_level: Tensor | None = None) -> Tensor:
        """Fused luma, not clamped.

        Args:
            condition: Visible luma and infrared, (B, 2, H, W) in [-1, 1]; H and W multiples of `settings.stride`.
            x0: Estimate of the fused luma, (B, 1, H, W) in [-1, 1], where the renderer was built for one.
            noise_level: Level at which it was made, (B, 1), likewise.

        Returns:
            (B, 1, H, W).
        """
        images = condition if x0 is None else torch.cat([condition, x0], dim=1)
        x = self.first(F.pixel_unshuffle(images, 2))
        if self.noise_func is not None and self.noise_level_mlp is not None:
            x = self.noise_func(x, self.noise_level_mlp(noise_level))
        features = self._features(x)
        finest = F.pixel_shuffle(self.finest_head(features[0]), 2)
        weights = [finest[:, :-1], *(head(f) for head, f in zip(self.heads, features, strict=True))]
        layers = torch.cat([images, condition.amax(dim=1, keepdim=True)], dim=1)
        # The full range is 2 in [-1, 1].
        return _collapse(layers, weights) + 2 * self.settings.residual * torch.tanh(finest[:, -1:])

    def _features(self, x: Tensor) -> list[Tensor]:
        """Features at 1/2, 1/4 ... of the resolution."""
        features = []
        for level, blocks in enumerate(self.down_blocks):
            x = blocks(self.shrink[level - 1](x) if level else x)
            features.append(x)
        for level in reversed(range(len(self.up_blocks))):
            wider = F.interpolate(self.widen[level](features[level + 1]), scale_factor=2.0, mode="nearest")
            features[level] = self.up_blocks[level](features[level] + wider)
        return features

    def _begin_as_maximum(self, num_images: int) -> None:
        """Begin near the maximum of the sources: a strong fusion, from which training departs where it pays."""
        with torch.no_grad():
            for head in (self.finest_head, *self.heads):
                assert isinstance(head, nn.Conv2d)
                assert head.bias is not None
                head.weight.zero_()
                head.bias.fill_(-FIRST_LOGIT)
                each = 4 if head is self.finest_head else 1
                head.bias[each * num_images : each * (num_images + 1)] = FIRST_LOGIT
            assert self.finest_head.bias is not None
            self.finest_head.bias[-4:] = 0  # The residual begins at 0.


def _collapse(layers: Tensor, logits: list[Tensor]) -> Tensor:
    """The image (B, 1, H, W) of a pyramid of `layers` (B, N, H, W) under weights per level, finest first.

    Every level but the coarsest has one layer more, see `_stronger`. Details of several images may enter whole, so
    their weights are independent; the coarsest level is a mixture.
    """
    details, base = [], layers
    for _ in logits[:-1]:
        coarser = F.avg_pool2d(base, 2)
        detail = base - _enlarge(coarser)
        details.append(torch.cat([detail, _stronger(detail[:, :1], detail[:, 1:2])], dim=1))
        base = coarser
    y = (base * torch.softmax(SHARPNESS * logits[-1], dim=1)).sum(dim=1, keepdim=True)
    for detail, logit in zip(reversed(details), reversed(logits[:-1]), strict=True):
        y = _enlarge(y) + (detail * torch.sigmoid(SHARPNESS * logit)).sum(dim=1, keepdim=True)
    return y


def _stronger(visible: Tensor, infrared: Tensor) -> Tensor:
    """At each pixel the detail of the source that has more of it in the 3x3 pixels around."""
    energy = F.avg_pool2d(torch.cat([visible, infrared], dim=1).abs(), 3, stride=1, padding=1)
    return torch.where(energy[:, :1] >= energy[:, 1:], visible, infrared)


def _enlarge(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
