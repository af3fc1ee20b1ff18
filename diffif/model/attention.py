"""Self-attention between the positions of an image: over all of it, or within overlapping windows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """One-head attention, scaled by 1/sqrt(channels), added to its input.

    The fused kernel never holds the (positions x positions) matrix: at 960x1440 that is 21600 x 21600 numbers, 1.9 GB.

    Args:
        channels: Of input and output.
        groups: Of the normalisation.
        window: Side of the windows in positions, even; 0: over the whole image.
    """

    def __init__(self, channels: int, groups: int, window: int = 0) -> None:
        super().__init__()
        self.window = window
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to x (B, C, H, W)."""
        b, c, h, w = x.shape
        qkv: Tensor = self.qkv(self.norm(x))
        if self.window and max(h, w) > 2 * self.window:
            y = window_attention(qkv, self.window)
        else:
            q, k, v = qkv.permute(0, 2, 3, 1).reshape(b, 1, h * w, 3 * c).chunk(3, dim=-1)
            y = F.scaled_dot_product_attention(q, k, v).reshape(b, h, w, c).permute(0, 3, 1, 2)
        return x + self.out(y)  # type: ignore[no-any-return]


def window_attention(qkv: Tensor, window: int) -> Tensor:
    """Attention of each window's positions to the window and half a window around it.

    Neighbouring windows share half of what they look at, so that no seam shows between them.

    Args:
        qkv: Queries, keys and values, (B, 3C, H, W), any H and W.
        window: Side of a window, even.

    Returns:
        (B, C, H, W).
    Source: Vaswani et al., Scaling Local Self-Attention (HaloNet), 2021.
    """
    b, _, h, w = qkv.shape
    halo = window // 2
    down, right = -h % window, -w % window
    q, keys_and_values = F.pad(qkv, (0, right, 0, down)).tensor_split([qkv.shape[1] // 3], dim=1)
    inside = F.pad(torch.ones(1, 1, h, w, dtype=torch.bool, device=qkv.device), (halo, right + halo, halo, down + halo))
    around = F.pad(keys_and_values, (halo, halo, halo, halo))
    seen = _windows(inside, window, 2 * window)[:, :, None, :, 0]
    k, v = _windows(around, window, 2 * window).chunk(2, dim=-1)
    y = F.scaled_dot_product_attention(_windows(q, window, window), k, v, attn_mask=seen)
    rows, columns = (h + down) // window, (w + right) // window
    y = y.reshape(b, rows, columns, window, window, -1).permute(0, 5, 1, 3, 2, 4)
    return y.reshape(b, -1, rows * window, columns * window)[..., :h, :w]


def _windows(x: Tensor, step: int, side: int) -> Tensor:
    """Squares of this side every `step` positions, (B, windows, side * side, C)."""
    squares = x.unfold(2, side, step).unfold(3, side, step)
    b, c, rows, columns, _, _ = squares.shape
    return squares.permute(0, 2, 3, 4, 5, 1).reshape(b, rows * columns, side * side, c)
