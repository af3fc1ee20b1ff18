"""The transformer layers of DATFuse, YDTR, ITFuse and MATR as their published weights use them.

These networks attend within windows of one token. A softmax over one token is 1, so queries, keys and position biases
have no effect and attention is a linear map of the token; only the values' part of the stored tensors is kept here.

A token is not a pixel: the published code reinterprets the memory of (B, C, H, W) as (B, H, W, C) without moving the
channels, so that a token is C neighbouring pixels of one channel. The trained weights expect exactly that, and an
image's result therefore depends on its size and cannot be put together from tiles.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor, nn

MLP_RATIO = 4


class SingleTokenTransformer(nn.Module):
    """Transformer blocks over tokens of `channels` consecutive numbers, (B, C, H, W) to the same shape."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([_Block(channels) for _ in range(depth)])
        self.channels = channels

    def forward(self, features: Tensor) -> Tensor:
        """Every token mapped by itself."""
        tokens = features.reshape(features.shape[0], -1, self.channels)
        for block in self.blocks:
            tokens = block(tokens)
        return tokens.reshape(features.shape)


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn = nn.Sequential(
            OrderedDict(value=nn.Linear(channels, channels), proj=nn.Linear(channels, channels)),
        )
        self.norm2 = nn.LayerNorm(channels)
        hidden = MLP_RATIO * channels
        self.mlp = nn.Sequential(
            OrderedDict(fc1=nn.Linear(channels, hidden), gelu=nn.GELU(), fc2=nn.Linear(hidden, channels))
        )

    def forward(self, tokens: Tensor) -> Tensor:
        attended: Tensor = tokens + self.attn(self.norm1(tokens))
        mapped: Tensor = attended + self.mlp(self.norm2(attended))
        return mapped


def keep_values(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """From published names to these: of `attn.qkv` the last third, without position biases and unused norms."""
    state = {}
    for name, tensor in tensors.items():
        if "relative_position" in name or name.startswith("patch_embed."):
            continue
        if ".attn.qkv." in name:
            state[name.replace(".qkv.", ".value.")] = tensor.chunk(3)[2].contiguous()
        else:
            state[name] = tensor
    return state
