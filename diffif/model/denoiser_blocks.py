"""The building blocks of the denoiser, each on whole images and, with the same result, strip by strip."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.model.attention import SelfAttention
from diffif.model.noise_level import NoiseShift
from diffif.model.strips import KEEP_PIXELS, ChannelSums, Source, map_strips


class Block(nn.Module):
    """Group normalisation, SiLU, dropout, 3x3 convolution."""

    def __init__(self, in_channels: int, out_channels: int, groups: int, dropout: float = 0.0) -> None:
        super().__init__()
        norm = nn.GroupNorm(groups, in_channels)
        conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.block = nn.Sequential(norm, nn.SiLU(), nn.Dropout(dropout) if dropout else nn.Identity(), conv)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to x (B, C, H, W)."""
        y: Tensor = self.block(x)
        return y

    @property
    def norm(self) -> nn.GroupNorm:
        """The normalisation."""
        return cast(nn.GroupNorm, self.block[0])

    @property
    def conv(self) -> nn.Conv2d:
        """The convolution."""
        return cast(nn.Conv2d, self.block[3])

    def on_strip(self, strip: Tensor, sums: ChannelSums, shift: Tensor | None = None) -> Tensor:
        """The block on a strip of an image with these sums, and a shift (C,) of its output."""
        dtype = self.norm.weight.dtype
        mean, variance = (x.to(dtype) for x in sums.mean_and_variance(self.norm.num_groups))
        strip = F.batch_norm(strip, mean, variance, self.norm.weight, self.norm.bias, training=False, eps=self.norm.eps)
        y: Tensor = self.conv(F.silu(strip, inplace=True))
        return y if shift is None else y.add_(shift[:, None, None])


class ResidualBlock(nn.Module):
    """Two blocks with the noise level added in between, and a shortcut."""

    def __init__(
        self, in_channels: int, out_channels: int, *, embedding_channels: int, groups: int, dropout: float
    ) -> None:
        super().__init__()
        self.noise_func = NoiseShift(embedding_channels, out_channels)
        self.block1 = Block(in_channels, out_channels, groups)
        self.block2 = Block(out_channels, out_channels, groups, dropout)
        self.res_conv = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Apply to x (B, C, H, W) at the noise level of this embedding (B, E)."""
        y: Tensor = self.noise_func(self.block1(x), embedding)
        return self.block2(y) + self.res_conv(x)  # type: ignore[no-any-return]

    def in_strips(self, source: Source, embedding: Tensor) -> Tensor:
        """The same from an image read strip by strip; one new image is all the memory it needs."""
        shift = self.noise_func.noise_func(embedding)[0]
        before, between = ChannelSums(source.channels), ChannelSums(shift.shape[0])
        for first, last in source.bounds:
            before.add(source.rows(first, last))

        def first_half(strip: Tensor, inner: slice, first: int, last: int) -> Tensor:
            y = self.block1.on_strip(strip, before, shift)[:, :, inner]
            between.add(y)
            return y

        def second_half(strip: Tensor, inner: slice, first: int, last: int) -> Tensor:
            y = self.block2.on_strip(strip, between)[:, :, inner]
            return y + self.res_conv(source.rows(first, last))  # type: ignore[no-any-return]

        y = map_strips(first_half, source, source.empty(shift.shape[0], self.block1.conv.weight.dtype))
        return map_strips(second_half, Source.of(y), y)


class Stage(nn.Module):
    """A residual block, with attention where the level asks for it."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        embedding_channels: int,
        groups: int,
        dropout: float,
        attention: bool,
        attention_window: int = 0,
    ) -> None:
        super().__init__()
        self.res_block = ResidualBlock(
            in_channels, out_channels, embedding_channels=embedding_channels, groups=groups, dropout=dropout
        )
        self.attn = SelfAttention(out_channels, groups, attention_window) if attention else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Apply to x (B, C, H, W) at the noise level of this embedding (B, E)."""
        y: Tensor = self.attn(self.res_block(x, embedding))
        return y

    def in_strips(self, source: Source, embedding: Tensor) -> Tensor:
        """The same from an image read strip by strip; attention is over the whole image all the same."""
        y: Tensor = self.attn(self.res_block.in_strips(source, embedding))
        return y


class Downsample(nn.Module):
    """Half the resolution, by a strided convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Halve x (B, C, H, W), H and W even."""
        y: Tensor = self.conv(x)
        return y


class Upsample(nn.Module):
    """Twice the resolution: nearest neighbour, then a 3x3 convolution.

    Each pixel appears four times in the enlarged image, so three neighbours along an axis hold two different values:
    `enlarge` computes the four positions by 2x2 kernels on the small image, with 4/9 of the products.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge x (B, C, H, W)."""
        y: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return y

    def enlarge(self, x: Tensor) -> Tensor:
        """The same, faster."""
        b, _, h, w = x.shape
        y = torch.empty(b, 2 * h, 2 * w, self.conv.out_channels, dtype=x.dtype, device=x.device).permute(0, 3, 1, 2)
        for i in (0, 1):
            for j in (0, 1):
                kernel = _fold_taps(_fold_taps(self.conv.weight, i, 2), j, 3)
                part = F.conv2d(x, kernel.to(memory_format=torch.channels_last), self.conv.bias, padding=1)
                y[:, :, i::2, j::2] = part[:, :, i : i + h, j : j + w]
        return y

    def source(self, x: Tensor) -> Source:
        """The enlarged image, in memory if it is small, and otherwise computed whenever rows of it are asked for."""
        _, channels, h, w = x.shape
        if 4 * h * w <= KEEP_PIXELS:
            return Source.of(self.enlarge(x))

        def rows(first: int, last: int) -> Tensor:
            # Row r of the enlarged image depends on rows (r - 1) // 2 to (r + 1) // 2 of the small one.
            low, high = max(0, (first - 1) // 2), min(h, last // 2 + 1)
            return self.enlarge(x[:, :, low:high])[:, :, first - 2 * low : last - 2 * low]

        return Source(rows, channels, 2 * h, 2 * w)


def _fold_taps(kernel: Tensor, position: int, dim: int) -> Tensor:
    """Three taps along an axis of the enlarged image as two taps on the small one, for its even or odd positions."""
    first, second, third = kernel.split(1, dim=dim)
    return torch.cat([first, second + third] if position == 0 else [first + second, third], dim=dim)
