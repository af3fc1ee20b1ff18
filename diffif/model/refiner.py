"""The refiner: corrects the clean image that the denoiser's noise estimate implies, looking at both sources again.

Two branches of channel-attention blocks, one on the current estimate and one on the sources, merged level by level.
Nothing is downsampled: every layer runs at full resolution. Names are those of the published checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.model.noise_level import NoiseShift, noise_level_mlp
from diffif.model.strips import Source, map_strips, use_strips
from suite.errors import SettingsError

CONDITION_CHANNELS = 2
"""Visible luma and infrared, in this order."""
NORM_FLOOR = 1e-12
"""Keeps the cosine of a channel that is 0 everywhere defined."""
LEVEL_HEADS = (1, 2)
"""Attention heads of the outer and the inner level."""
CHANNEL_MULTIPLE = 16
"""Vector width of float32 on AVX-512."""


@dataclass(frozen=True, kw_only=True)
class RefinerSettings:
    """Size of the refiner; the defaults are the published ones."""

    width: int = 36
    """Channels everywhere; even, since the inner level has two heads."""
    ffn_expansion: float = 2.66
    """Hidden channels of a feed-forward part relative to `width`, rounded down."""
    num_blocks: int = 2
    """Blocks per level and branch."""
    num_output_blocks: int = 2
    """Blocks after the last merge, without knowledge of the noise level."""
    ffn_depthwise: bool = False
    """Convolve each hidden channel of a feed-forward part alone: much cheaper, not the published layout."""

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be built.

        Raises:
            SettingsError: odd or no channels, no hidden channel, no block.
        """
        if self.width < 2 or self.width % 2:
            raise SettingsError(f"refiner.width must be even and positive, got {self.width}")
        if int(self.width * self.ffn_expansion) < 1:
            raise SettingsError(f"refiner.ffn_expansion must leave at least one channel, got {self.ffn_expansion}")
        if self.num_blocks < 1 or self.num_output_blocks < 1:
            raise SettingsError("refiner.num_blocks and refiner.num_output_blocks must be at least 1")


class _PixelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x.permute(0, 2, 3, 1))
        return y.permute(0, 3, 1, 2)


class _ChannelAttention(nn.Module):
    """Attention between channels instead of pixels: the cost grows linearly with the image.

    Source: Zamir et al., Restormer (MDTA), 2022.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.qkv_dwconv = nn.Conv2d(3 * channels, 3 * channels, 3, padding=1, groups=3 * channels, bias=False)
        self.project_out = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self._qkv(x)
        mixing = self._mixing(
            q.transpose(-2, -1) @ k, *(part.to(self.temperature.dtype).square().sum(dim=1) for part in (q, k))
        )
        y: Tensor = (v @ mixing).view(len(x), *x.shape[-2:], -1)
        return y.permute(0, 3, 1, 2)

    def in_strips(self, norm: nn.Module, x: Tensor) -> Tensor:
        """Attention of norm(x), added to x, for one image; one new image is all the memory it needs."""
        source, c = Source.of(x), x.shape[1]
        # Parameters keep their type under autocast, and so do sums and the images that blocks add to.
        dtype = self.temperature.dtype
        products, squares = torch.zeros(1, c, c, dtype=dtype), torch.zeros(2, 1, c, dtype=dtype)

        def gather(strip: Tensor, inner: slice, first: int, last: int) -> Tensor:
            q, k, v = (part.unflatten(1, (-1, x.shape[-1]))[:, inner] for part in self._qkv(norm(strip)))
            q, k = q.flatten(1, 2), k.flatten(1, 2)
            products.add_(q.transpose(-2, -1) @ k)
            squares[0] += q.to(dtype).square().sum(dim=1)
            squares[1] += k.to(dtype).square().sum(dim=1)
            out_of_strip: Tensor = v.permute(0, 3, 1, 2)
            return out_of_strip

        out = map_strips(gather, source, source.empty(c, dtype))
        mixing = self._mixing(products, squares[0], squares[1])
        for first, last in source.bounds:
            v = out[:, :, first:last].permute(0, 2, 3, 1)
            out[:, :, first:last] = source.rows(first, last) + (v @ mixing.unsqueeze(1)).permute(0, 3, 1, 2)
        return out

    def _qkv(self, x: Tensor) -> tuple[Tensor, ...]:
        """Query, key and value, each (B, pixels, C)."""
        qkv: Tensor = self.qkv_dwconv(self.qkv(x))
        return qkv.permute(0, 2, 3, 1).flatten(1, 2).chunk(3, dim=-1)

    def _mixing(self, products: Tensor, squares_q: Tensor, squares_k: Tensor) -> Tensor:
        """Matrix (B, C, C) that takes a pixel's value to its output.

        Mixing channels by the attention weights and projecting are both linear: one matrix per image does both. And
        dividing the products of q and k by both norms is the same as normalising q and k first.

        Args:
            products: Sums over all pixels of q_i k_j, (B, C, C).
            squares_q: Sums over all pixels of q_i^2, (B, C).
            squares_k: Likewise of k.
        """
        b, c, _ = products.shape
        norm_q, norm_k = (x.sqrt().clamp(min=NORM_FLOOR) for x in (squares_q, squares_k))
        cosines = products / (norm_q.unsqueeze(-1) * norm_k.unsqueeze(-2))
        side = c // self.heads
        own = [cosines[:, i : i + side, i : i + side] for i in range(0, c, side)]
        weights = (torch.stack(own, dim=1) * self.temperature).softmax(dim=-1)
        projection = self.project_out.weight.view(c, self.heads, side).permute(1, 0, 2)
        return (projection @ weights).permute(0, 1, 3, 2).reshape(b, c, c)


class _FeedForward(nn.Module):
    """1x1 convolution to the hidden width, 3x3 convolution, exact GELU, 1x1 convolution back.

    Nothing but zero padding lies between the first two, so they are one 3x3 convolution from `width` to the hidden
    width: composing the kernels costs a few small products and saves 60 % of the block's arithmetic. Its outputs are
    rounded up to a multiple that convolution kernels like; the added channels are zero.
    """

    def __init__(self, settings: RefinerSettings) -> None:
        super().__init__()
        width, hidden = settings.width, int(settings.width * settings.ffn_expansion)
        groups = hidden if settings.ffn_depthwise else 1
        self.project_in = nn.Conv2d(width, hidden, 1, bias=False)
        self.dwconv = nn.Conv2d(hidden, hidden, 3, padding=1, groups=groups, bias=False)
        self.project_out = nn.Conv2d(hidden, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.dwconv.groups > 1:
            y: Tensor = self.project_out(F.gelu(self.dwconv(self.project_in(x))))
            return y
        hidden, width = self.project_in.weight.shape[:2]
        spare = -hidden % CHANNEL_MULTIPLE
        with torch.autocast(x.device.type, enabled=False):
            inner, outer = self.dwconv.weight.permute(0, 2, 3, 1), self.project_in.weight.view(hidden, width)
            kernel = F.pad((inner @ outer).permute(0, 3, 1, 2), (0, 0, 0, 0, 0, 0, 0, spare))
        back = F.pad(self.project_out.weight, (0, 0, 0, 0, 0, spare))
        return F.conv2d(F.gelu(F.conv2d(x, kernel, padding=1)), back)


class _Block(nn.Module):
    """Channel attention, then feed-forward, each on normalised input and added to it."""

    def __init__(self, settings: RefinerSettings, heads: int) -> None:
        super().__init__()
        self.norm1 = _PixelNorm(settings.width)
        self.attn = _ChannelAttention(settings.width, heads)
        self.norm2 = _PixelNorm(settings.width)
        self.ffn = _FeedForward(settings)

    def forward(self, x: Tensor) -> Tensor:
        if use_strips(x):
            return torch.cat([self._in_strips(image) for image in x.split(1)]) if len(x) > 1 else self._in_strips(x)
        x = x + self.attn(self.norm1(x))
        return x + self.ffn(self.norm2(x))  # type: ignore[no-any-return]

    def _in_strips(self, image: Tensor) -> Tensor:
        x = self.attn.in_strips(self.norm1, image)

        def feed_forward(strip: Tensor, inner: slice, first: int, last: int) -> Tensor:
            return (strip + self.ffn(self.norm2(strip)))[:, :, inner]  # type: ignore[no-any-return]

        return map_strips(feed_forward, Source.of(x), x)


class _Level(nn.ModuleList):
    """Blocks, each followed by a shift that depends on the noise level."""

    def __init__(self, settings: RefinerSettings, heads: int) -> None:
        modules: list[nn.Module] = []
        for _ in range(settings.num_blocks):
            modules += [_Block(settings, heads), NoiseShift(settings.width, settings.width)]
        super().__init__(modules)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        for module in self:
            x = module(x, embedding) if isinstance(module, NoiseShift) else module(x)
        return x


class _PatchEmbedding(nn.Module):
    """Image to features, by one 3x3 convolution."""

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(in_channels, width, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.proj(x)
        return y


class Refiner(nn.Module):
    """Corrects an estimate of the clean fused image.

    Args:
        settings: Sizes of the network.
    Source: Yi et al., Diff-IF, 2024 (R-block); blocks after Zamir et al., Restormer, 2022.
    """

    def __init__(self, settings: RefinerSettings) -> None:
        super().__init__()
        self.settings = settings
        width = settings.width
        outer, inner = LEVEL_HEADS
        self.noise_level_mlp = noise_level_mlp(width)
        self.patch_embed = _PatchEmbedding(1, width)
        self.patch_embed_refine = _PatchEmbedding(CONDITION_CHANNELS, width)
        self.encoder_level1 = _Level(settings, outer)
        self.encoder_level1_refine = _Level(settings, outer)
        self.reduce_chan_level1_refine = _merge(width)
        self.encoder_level2 = _Level(settings, inner)
        self.encoder_level2_refine = _Level(settings, inner)
        self.reduce_chan_level2_refine = _merge(width)
        self.decoder_level2 = _Level(settings, inner)
        self.reduce_chan_level1 = _merge(width)
        self.decoder_level1 = _Level(settings, outer)
        self.reduce_chan_level_out = _merge(width)
        self.refinement = nn.Sequential(*(_Block(settings, outer) for _ in range(settings.num_output_blocks)))
        self.output = nn.Conv2d(width, 1, 3, padding=1, bias=False)

    def forward(self, condition: Tensor, x0: Tensor, noise_level: Tensor) -> Tensor:
        """Refined clean image, not clamped.

        Args:
            condition: Visible luma and infrared, (B, 2, H, W) in [-1, 1], any H and W.
            x0: Current estimate of the fused luma, (B, 1, H, W) in [-1, 1].
            noise_level: Level at which the estimate was made, (B, 1), in (0, 1].

        Returns:
            (B, 1, H, W).
        """
        embedding = self.noise_level_mlp(noise_level)
        estimate1 = self.encoder_level1(self.patch_embed(x0), embedding)
        sources1 = self.encoder_level1_refine(self.patch_embed_refine(condition), embedding)
        merged1 = self.reduce_chan_level1_refine(torch.cat([estimate1, sources1], dim=1))
        estimate2 = self.encoder_level2(merged1, embedding)
        sources2 = self.encoder_level2_refine(sources1, embedding)
        merged2 = self.reduce_chan_level2_refine(torch.cat([estimate2, sources2], dim=1))
        # What is not needed again is let go: at full resolution each of these is as large as any other.
        del sources1, sources2, estimate2
        x = self.decoder_level2(merged2, embedding)
        del merged2
        x = self.decoder_level1(self.reduce_chan_level1(torch.cat([x, merged1], dim=1)), embedding)
        x = self.refinement(self.reduce_chan_level_out(torch.cat([x, estimate1], dim=1)))
        refined: Tensor = self.output(x)
        return refined


def _merge(width: int) -> nn.Conv2d:
    return nn.Conv2d(2 * width, width, 1, bias=False)
