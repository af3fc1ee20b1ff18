"""The denoiser: the U-Net of SR3, which predicts the noise in x_t from both sources and the noise level.

Module and parameter names are those of the published checkpoints, so that one loads without renaming.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from datasets.errors import SettingsError
from diffif.model.noise_level import NoiseShift, add, noise_level_mlp

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
        return int(2 ** (len(self.channel_multipliers) - 1))


class _Block(nn.Module):
    """Group normalisation, SiLU, dropout, 3x3 convolution."""

    def __init__(self, in_channels: int, out_channels: int, groups: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.GroupNorm(groups, in_channels),
            nn.SiLU(),
            nn.Dropout(dropout) if dropout else nn.Identity(),
            nn.Conv2d(in_channels, out_channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        norm, _, dropout, conv = self.block
        # Without gradients nobody needs the normalised values again: overwriting them saves a pass over fresh memory.
        y: Tensor = conv(dropout(F.silu(norm(x), inplace=not torch.is_grad_enabled())))
        return y


class _ResidualBlock(nn.Module):
    """Two blocks with the noise level added in between, and a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, settings: DenoiserSettings) -> None:
        super().__init__()
        self.noise_func = NoiseShift(settings.inner_channels, out_channels)
        self.block1 = _Block(in_channels, out_channels, settings.norm_groups)
        self.block2 = _Block(out_channels, out_channels, settings.norm_groups, settings.dropout)
        self.res_conv = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        y: Tensor = self.block2(self.noise_func(self.block1(x), embedding))
        return add(y, self.res_conv(x))


class _SelfAttention(nn.Module):
    """One-head attention over all pixels; scaled by 1/sqrt(channels), added to its input.

    The fused kernel never holds the (pixels x pixels) matrix: at 960x1440 that is 21600 x 21600 numbers, 1.9 GB.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        qkv: Tensor = self.qkv(self.norm(x))
        q, k, v = qkv.permute(0, 2, 3, 1).reshape(b, 1, h * w, 3 * c).chunk(3, dim=-1)
        y = F.scaled_dot_product_attention(q, k, v)
        y = y.reshape(b, h, w, c).permute(0, 3, 1, 2)
        return add(self.out(y), x)


class _Stage(nn.Module):
    """A residual block, with attention where the level asks for it."""

    def __init__(self, in_channels: int, out_channels: int, settings: DenoiserSettings, *, attention: bool) -> None:
        super().__init__()
        self.res_block = _ResidualBlock(in_channels, out_channels, settings)
        self.attn = _SelfAttention(out_channels, settings.norm_groups) if attention else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        y: Tensor = self.attn(self.res_block(x, embedding))
        return y


class _Downsample(nn.Module):
    """Half the resolution, by a strided convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


class _Upsample(nn.Module):
    """Twice the resolution: nearest neighbour, then a 3x3 convolution.

    Each pixel appears four times in the enlarged image, so three neighbours along an axis hold two different values:
    without gradients, the four positions are computed by 2x2 kernels on the small image, with 4/9 of the products.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            y: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
            return y
        b, _, h, w = x.shape
        y = torch.empty(b, 2 * h, 2 * w, self.conv.out_channels, dtype=x.dtype, device=x.device).permute(0, 3, 1, 2)
        for i in (0, 1):
            for j in (0, 1):
                kernel = _fold_taps(_fold_taps(self.conv.weight, i, 2), j, 3)
                part = F.conv2d(x, kernel.to(memory_format=torch.channels_last), self.conv.bias, padding=1)
                y[:, :, i::2, j::2] = part[:, :, i : i + h, j : j + w]
        return y


def _fold_taps(kernel: Tensor, position: int, dim: int) -> Tensor:
    """Three taps along an axis of the enlarged image as two taps on the small one, for its even or odd positions."""
    first, second, third = kernel.split(1, dim=dim)
    return torch.cat([first, second + third] if position == 0 else [first + second, third], dim=dim)


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
        self.noise_level_mlp = noise_level_mlp(inner)

        downs: list[nn.Module] = [nn.Conv2d(IN_CHANNELS, inner, 3, padding=1)]
        skips = [inner]
        width = inner
        for level, out in enumerate(widths):
            for _ in range(settings.num_res_blocks):
                downs.append(_Stage(width, out, settings, attention=level in settings.attention_levels))
                width = out
                skips.append(width)
            if level < last:
                downs.append(_Downsample(width))
                skips.append(width)
        self.downs = nn.ModuleList(downs)

        self.mid = nn.ModuleList(
            [_Stage(width, width, settings, attention=True), _Stage(width, width, settings, attention=False)]
        )

        ups: list[nn.Module] = []
        for level in range(last, -1, -1):
            out = widths[level]
            for _ in range(settings.num_res_blocks + 1):
                ups.append(_Stage(width + skips.pop(), out, settings, attention=level in settings.attention_levels))
                width = out
            if level > 0:
                ups.append(_Upsample(width))
        self.ups = nn.ModuleList(ups)
        self.final_conv = _Block(width, 1, groups)

    def forward(self, x: Tensor, noise_level: Tensor) -> Tensor:
        """Predicted noise.

        Args:
            x: Visible luma, infrared and x_t, (B, 3, H, W) in [-1, 1]; H and W multiples of `settings.stride`.
            noise_level: sqrt(alpha_bar) of x_t, (B, 1), in (0, 1].

        Returns:
            eps, (B, 1, H, W).
        """
        embedding = self.noise_level_mlp(noise_level)
        skips: list[Tensor] = []
        for module in self.downs:
            x = module(x, embedding) if isinstance(module, _Stage) else module(x)
            skips.append(x)
        for module in self.mid:
            x = module(x, embedding)
        for module in self.ups:
            x = module(torch.cat([x, skips.pop()], dim=1), embedding) if isinstance(module, _Stage) else module(x)
        eps: Tensor = self.final_conv(x)
        return eps
