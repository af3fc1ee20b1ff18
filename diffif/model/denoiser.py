"""The denoiser: the U-Net of SR3, which predicts the noise in x_t from both sources and the noise level.

Module and parameter names are those of the published checkpoints, so that one loads without renaming.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.model.denoiser_blocks import Block, Downsample, Stage, Upsample
from diffif.model.noise_level import noise_level_mlp
from diffif.model.strips import ChannelSums, Source, map_strips, stack, use_strips
from suite.errors import SettingsError

IN_CHANNELS = 3
"""Visible luma, infrared and x_t, in this order."""


@dataclass(frozen=True, kw_only=True)
class DenoiserSettings:
    """Size of the denoiser; the defaults are the published ones."""

    inner_channels: int = 48
    """Channels at full resolution."""
    channel_multipliers: tuple[int, ...] = (1, 2, 4, 6)
    """Width of each level relative to `inner_channels`; each level halves the resolution of the one before."""
    num_res_blocks: int = 2
    """Residual blocks per level on the way down; one more on the way up."""
    norm_groups: int = 24
    """Groups of every group normalisation; must divide the channels of every level."""
    dropout: float = 0.1
    """Probability of dropping a feature in the second half of a residual block, in training."""
    attention_levels: tuple[int, ...] = (3,)
    """Levels with self-attention, 0 = full resolution. The published "resolution 16 of 128" is level 3."""
    attention_window: int = 0
    """Images larger than two windows a side attend within windows of this many positions and half a window around
    them: time and memory then grow with the number of pixels, not with its square. Published: 0, the whole image."""
    patch: int = 1
    """Side of the squares of pixels that enter and leave as channels: 2 works at half the resolution, in a quarter of
    the time. Published: 1."""

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built.

        Raises:
            SettingsError: nothing to build, groups that do not divide, or an attention level that does not exist.
        """
        if self.inner_channels < 2 or self.inner_channels % 2:
            raise SettingsError(f"denoiser.inner_channels must be even and positive, got {self.inner_channels}")
        if not self.channel_multipliers or min(self.channel_multipliers) < 1 or self.num_res_blocks < 1:
            raise SettingsError("denoiser needs at least one level with a positive multiplier and one residual block")
        if self.norm_groups < 1 or self.inner_channels % self.norm_groups:
            raise SettingsError(
                f"denoiser.norm_groups must divide inner_channels: {self.norm_groups} does not divide "
                f"{self.inner_channels}"
            )
        if self.attention_window < 0 or self.attention_window % 2 or self.patch < 1:
            raise SettingsError(
                f"denoiser.attention_window must be even and not negative, and denoiser.patch at least 1, got "
                f"{self.attention_window} and {self.patch}"
            )
        if not 0 <= self.dropout < 1:
            raise SettingsError(f"denoiser.dropout must lie in [0, 1), got {self.dropout}")
        if any(not 0 <= level < len(self.channel_multipliers) for level in self.attention_levels):
            raise SettingsError(
                f"denoiser.attention_levels must lie in 0..{len(self.channel_multipliers) - 1}, "
                f"got {self.attention_levels}"
            )

    @property
    def stride(self) -> int:
        """Height and width of the input must be multiples of this many pixels."""
        return int(self.patch * 2 ** (len(self.channel_multipliers) - 1))


class Denoiser(nn.Module):
    """Predicts the noise in x_t from the sources, x_t and the noise level.

    Args:
        settings: Sizes of the network.
    Source: Saharia et al., Image Super-Resolution via Iterative Refinement (SR3), 2021; Yi et al., Diff-IF, 2024.
    """

    def __init__(self, settings: DenoiserSettings) -> None:
        super().__init__()
        self.settings = settings
        inner, groups = settings.inner_channels, settings.norm_groups
        widths = [inner * m for m in settings.channel_multipliers]
        last = len(widths) - 1
        stage = partial(
            Stage,
            embedding_channels=inner,
            groups=groups,
            dropout=settings.dropout,
            attention_window=settings.attention_window,
        )
        self.noise_level_mlp = noise_level_mlp(inner)

        downs: list[nn.Module] = [nn.Conv2d(IN_CHANNELS * settings.patch**2, inner, 3, padding=1)]
        skips = [inner]
        width = inner
        for level, out in enumerate(widths):
            for _ in range(settings.num_res_blocks):
                downs.append(stage(width, out, attention=level in settings.attention_levels))
                width = out
                skips.append(width)
            if level < last:
                downs.append(Downsample(width))
                skips.append(width)
        self.downs = nn.ModuleList(downs)

        self.mid = nn.ModuleList([stage(width, width, attention=True), stage(width, width, attention=False)])

        ups: list[nn.Module] = []
        for level in range(last, -1, -1):
            out = widths[level]
            for _ in range(settings.num_res_blocks + 1):
                ups.append(stage(width + skips.pop(), out, attention=level in settings.attention_levels))
                width = out
            if level > 0:
                ups.append(Upsample(width))
        self.ups = nn.ModuleList(ups)
        self.final_conv = Block(width, settings.patch**2, groups)

    def forward(self, x: Tensor, noise_level: Tensor) -> Tensor:
        """Predicted noise.

        Args:
            x: Visible luma, infrared and x_t, (B, 3, H, W) in [-1, 1]; H and W multiples of `settings.stride`.
            noise_level: sqrt(alpha_bar) of x_t, (B, 1), in (0, 1].

        Returns:
            eps, (B, 1, H, W).
        """
        patch = self.settings.patch
        x = F.pixel_unshuffle(x, patch) if patch > 1 else x
        if use_strips(x):
            pairs = zip(x.split(1), noise_level.split(1), strict=True)
            eps = torch.cat([self._in_strips(image, level) for image, level in pairs])
        else:
            eps = self._whole(x, noise_level)
        return F.pixel_shuffle(eps, patch) if patch > 1 else eps

    def _whole(self, x: Tensor, noise_level: Tensor) -> Tensor:
        embedding = self.noise_level_mlp(noise_level)
        skips: list[Tensor] = []
        for module in self.downs:
            x = module(x, embedding) if isinstance(module, Stage) else module(x)
            skips.append(x)
        for module in self.mid:
            x = module(x, embedding)
        for module in self.ups:
            x = module(torch.cat([x, skips.pop()], dim=1), embedding) if isinstance(module, Stage) else module(x)
        eps: Tensor = self.final_conv(x)
        return eps

    def _in_strips(self, image: Tensor, noise_level: Tensor) -> Tensor:
        """`forward` for one image; high resolutions are worked through strip by strip."""
        embedding = self.noise_level_mlp(noise_level)
        x = image
        source = _first_features(cast(nn.Conv2d, self.downs[0]), image)
        skips = [source]
        for module in self.downs[1:]:
            x = module.in_strips(source, embedding) if isinstance(module, Stage) else module(x)
            source = Source.of(x)
            skips.append(source)
        for module in self.mid:
            x = cast(Stage, module).in_strips(source, embedding)
            source = Source.of(x)
        for module in self.ups:
            if isinstance(module, Stage):
                source = stack(source, skips.pop())
                x = image  # Lets go of the features that were copied into the stack.
                x = module.in_strips(source, embedding)
                source = Source.of(x)
            else:
                source = cast(Upsample, module).source(x)
        sums = ChannelSums(source.channels)
        for first, last in source.bounds:
            sums.add(source.rows(first, last))
        return map_strips(
            lambda strip, inner, first, last: self.final_conv.on_strip(strip, sums)[:, :, inner],
            source,
            source.empty(self.settings.patch**2, image.dtype),
        )


def _first_features(conv: nn.Conv2d, image: Tensor) -> Source:
    """Features of the three input channels, computed whenever rows are asked for: cheaper than to keep them."""
    height, width = image.shape[-2:]

    def rows(first: int, last: int) -> Tensor:
        low, high = max(0, first - 1), min(height, last + 1)
        y: Tensor = conv(image[:, :, low:high])
        return y[:, :, first - low : last - low]

    return Source(rows, conv.out_channels, height, width)
