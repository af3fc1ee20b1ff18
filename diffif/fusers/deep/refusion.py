"""ReFusion: Restormer blocks whose fusion loss was learnt by reconstructing the sources.

Two trainings of one network: `refusion` for infrared and visible images, `refusion-mif`. Attention runs over
channels with the whole image in each entry, so images are never tiled. The published file stores every convolution
twice, and nothing that only training needs; 59,856 numbers are used. The published command stretches each luma to its
own minimum and maximum; `output=` chooses.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

WIDTH, HEADS, BLOCKS, EXPANSION = 16, 8, 2, 2
SLOPE = 0.01
SOURCE = "the ReFusion project (github.com/HaowenBai/ReFusion)"


class ReFusionNetwork(nn.Module):
    """Two sources (B, 1, H, W) in [0, 1] to their fusion in (0, 1); infrared, or the functional image, first."""

    def __init__(self) -> None:
        super().__init__()
        self.project_in_1, self.project_in_2 = (_conv(1, WIDTH, 3) for _ in range(2))
        self.encoder1, self.encoder2 = (nn.Sequential(*[_Block(WIDTH) for _ in range(BLOCKS)]) for _ in range(2))
        self.FM = _Fusion()
        self.decoder = nn.Sequential(*[_Block(2 * WIDTH) for _ in range(BLOCKS)])
        self.project_out_0 = _conv(2 * WIDTH, WIDTH, 3)
        self.project_out_1 = _conv(WIDTH, 1, 3)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Fused luma, not stretched."""
        encoded = self.encoder1(self.project_in_1(first)), self.encoder2(self.project_in_2(second))
        features = F.leaky_relu(self.project_out_0(self.decoder(self.FM(*encoded))), SLOPE)
        return torch.sigmoid(self.project_out_1(features))


def _conv(channels: int, out: int, size: int = 1, *, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, size, padding=size // 2, groups=groups, bias=False)


def _depthwise(channels: int) -> nn.Conv2d:
    return _conv(channels, channels, 3, groups=channels)


def _attend(query: Tensor, key: Tensor, value: Tensor, temperature: Tensor) -> Tensor:
    query, key, flat = (features.unflatten(1, (HEADS, -1)).flatten(3) for features in (query, key, value))
    similarity = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
    attended: Tensor = (similarity * temperature).softmax(dim=-1) @ flat
    return attended.reshape(value.shape)


class _Norm(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.LayerNorm(channels)

    def forward(self, features: Tensor) -> Tensor:
        normed: Tensor = self.body(features.movedim(1, -1))
        return normed.movedim(-1, 1)


class _Attention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.qkv = _conv(channels, 3 * channels)
        self.qkv_dwconv = _depthwise(3 * channels)
        self.project_out = _conv(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        query, key, value = self.qkv_dwconv(self.qkv(features)).chunk(3, dim=1)
        attended: Tensor = self.project_out(_attend(query, key, value, self.temperature))
        return attended


class _FeedForward(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = EXPANSION * channels
        self.project_in = _conv(channels, 2 * hidden)
        self.dwconv = _depthwise(2 * hidden)
        self.project_out = _conv(hidden, channels)

    def forward(self, features: Tensor) -> Tensor:
        gate, passed = self.dwconv(self.project_in(features)).chunk(2, dim=1)
        gated: Tensor = self.project_out(F.gelu(gate) * passed)
        return gated


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = _Norm(channels)
        self.attn = _Attention(channels)
        self.norm2 = _Norm(channels)
        self.ffn = _FeedForward(channels)

    def forward(self, features: Tensor) -> Tensor:
        attended: Tensor = features + self.attn(self.norm1(features))
        mapped: Tensor = attended + self.ffn(self.norm2(attended))
        return mapped


class _Fusion(nn.Module):
    # Each source's keys are asked by the other's queries; then gates from both let each through.
    def __init__(self) -> None:
        super().__init__()
        for which in ("1", "2"):
            self.register_parameter(f"temperature{which}", nn.Parameter(torch.ones(HEADS, 1, 1)))
            self.add_module(f"qkv{which}", _conv(WIDTH, 3 * WIDTH))
            self.add_module(f"qkv{which}_dwconv", _depthwise(3 * WIDTH))
            self.add_module(f"project_mid{which}", _conv(WIDTH, WIDTH))
            self.add_module(f"project_E{which}", _conv(WIDTH, 4 * WIDTH))
            self.add_module(f"project_E{which}_d", _depthwise(4 * WIDTH))
            self.add_module(f"project_out{which}", _conv(4 * WIDTH, 2 * WIDTH))
        self.project_E = _conv(2 * WIDTH, 8 * WIDTH)
        self.project_E_d = _depthwise(8 * WIDTH)

    def _apply_each(self, name: str, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        return self.get_submodule(name.format(1))(pair[0]), self.get_submodule(name.format(2))(pair[1])

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        projected = self._apply_each("qkv{}_dwconv", self._apply_each("qkv{}", (first, second)))
        (query1, key1, value1), (query2, key2, value2) = (one.chunk(3, dim=1) for one in projected)
        attended = (
            _attend(query2, key1, value1, self.get_parameter("temperature1")),
            _attend(query1, key2, value2, self.get_parameter("temperature2")),
        )
        mid1, mid2 = self._apply_each("project_mid{}", attended)
        pair = first + mid1, second + mid2
        both = torch.cat(pair, dim=1)
        gates = self.project_E_d(self.project_E(both)).chunk(2, dim=1)
        passed = self._apply_each("project_E{}_d", self._apply_each("project_E{}", pair))
        out1, out2 = self._apply_each("project_out{}", (F.gelu(gates[0]) * passed[0], F.gelu(gates[1]) * passed[1]))
        return both + out1 + out2


class ReFusion(StretchedFuser):
    """ReFusion, trained on infrared and visible images.

    Args:
        weights: The published file, or your own of the same network.
        output: "stretch" each image's range to [0, 1], as the published command does, or "clip".
        device: Where to compute.
    """

    name = "refusion"
    label = "ReFusion"
    paper = (
        "Bai et al., ReFusion: learning image fusion from reconstruction with learnable loss via meta-learning, "
        "IJCV 2024"
    )
    weights_needed = f"ReFusion_IVIF.pth of {SOURCE}"
    tileable = False
    batched = False
    network_type = ReFusionNetwork
    published = PublishedWeights(
        method="ReFusion",
        files={"ReFusion_IVIF.pth": "1b8358d8dab5e95c9d3f668782abda85359685669444946001ac41ea96891b2c"},
        published_at=f"{SOURCE}: models/ReFusion_IVIF.pth",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Each convolution once."""
        return {name: value for name, value in tensors.items() if not name.endswith(".conv.weight")}

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(infrared, y)
        return fused


class ReFusionMedical(ReFusion):
    """ReFusion, trained on medical images: CT, PET or SPECT in the visible's place, MRI in the infrared's."""

    name = "refusion-mif"
    label = "ReFusion (medical)"
    weights_needed = f"ReFusion_MIF.pth of {SOURCE}"
    published = PublishedWeights(
        method="ReFusion",
        files={"ReFusion_MIF.pth": "5cc483457390ea8ffeeedbf41287adf23880f860b2f9b6b6045329598fd2e0e5"},
        published_at=f"{SOURCE}: models/ReFusion_MIF.pth",
    )

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        # The functional image has the place that infrared has in the other training.
        return super()._fuse_luma(infrared, y)
