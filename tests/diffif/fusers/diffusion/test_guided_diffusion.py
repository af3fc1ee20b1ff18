"""The name mapping is checked against a second network with guided-diffusion's layout, written here for the test."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from diffif.fusers.diffusion.guided_diffusion import (
    IMAGENET_256,
    GuidedDiffusion,
    load_guided_diffusion,
    make_unet,
    rename,
)
from suite.errors import WeightsError

pytest.importorskip("diffusers")

SHAPE = GuidedDiffusion(
    image_size=16,
    base_channels=32,
    multipliers=(1, 2, 2),
    attention_levels=(1, 2),
    blocks_per_level=2,
    head_channels=16,
)


class ResBlock(nn.Module):
    def __init__(self, channels: int, out: int, resample: str = "") -> None:
        super().__init__()
        self.in_layers = nn.Sequential(nn.GroupNorm(32, channels), nn.SiLU(), nn.Conv2d(channels, out, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(4 * SHAPE.base_channels, 2 * out))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, out), nn.SiLU(), nn.Dropout(0), nn.Conv2d(out, out, 3, padding=1)
        )
        self.skip_connection = nn.Conv2d(channels, out, 1) if channels != out else nn.Identity()
        self.resample = resample

    def scale(self, x: Tensor) -> Tensor:
        if self.resample == "down":
            return nn.functional.avg_pool2d(x, 2)
        return nn.functional.interpolate(x, scale_factor=2.0) if self.resample == "up" else x

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        h = self.in_layers[2](self.scale(self.in_layers[1](self.in_layers[0](x))))
        scale, shift = self.emb_layers(emb)[:, :, None, None].chunk(2, dim=1)
        h = self.out_layers[0](h) * (1 + scale) + shift
        return self.skip_connection(self.scale(x)) + self.out_layers[3](self.out_layers[1](h))


class Attention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor, _: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        flat = x.flatten(2)
        heads = channels // SHAPE.head_channels
        q, k, v = self.qkv(self.norm(flat)).reshape(batch * heads, 3 * SHAPE.head_channels, -1).chunk(3, dim=1)
        weight = torch.softmax(q.transpose(1, 2) @ k / math.sqrt(SHAPE.head_channels), dim=-1)
        mixed = (v @ weight.transpose(1, 2)).reshape(batch, channels, -1)
        return (flat + self.proj_out(mixed)).reshape(batch, channels, height, width)


class First(nn.Conv2d):
    def forward(self, x: Tensor, _: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x)


class Reference(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        base, width = SHAPE.base_channels, SHAPE.base_channels
        self.time_embed = nn.Sequential(nn.Linear(base, 4 * base), nn.SiLU(), nn.Linear(4 * base, 4 * base))
        self.input_blocks = nn.ModuleList([nn.ModuleList([First(3, base, 3, padding=1)])])
        skips = [base]
        for level, multiplier in enumerate(SHAPE.multipliers):
            for _ in range(SHAPE.blocks_per_level):
                layers: list[nn.Module] = [ResBlock(width, base * multiplier)]
                width = base * multiplier
                if level in SHAPE.attention_levels:
                    layers.append(Attention(width))
                self.input_blocks.append(nn.ModuleList(layers))
                skips.append(width)
            if level < len(SHAPE.multipliers) - 1:
                self.input_blocks.append(nn.ModuleList([ResBlock(width, width, "down")]))
                skips.append(width)
        self.middle_block = nn.ModuleList([ResBlock(width, width), Attention(width), ResBlock(width, width)])
        self.output_blocks = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(SHAPE.multipliers))):
            for block in range(SHAPE.blocks_per_level + 1):
                layers = [ResBlock(width + skips.pop(), base * multiplier)]
                width = base * multiplier
                if level in SHAPE.attention_levels:
                    layers.append(Attention(width))
                if level and block == SHAPE.blocks_per_level:
                    layers.append(ResBlock(width, width, "up"))
                self.output_blocks.append(nn.ModuleList(layers))
        self.out = nn.Sequential(nn.GroupNorm(32, width), nn.SiLU(), nn.Conv2d(width, 6, 3, padding=1))

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        half = SHAPE.base_channels // 2
        angles = steps[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
        emb = self.time_embed(torch.cat((angles.cos(), angles.sin()), dim=1))
        kept = []
        for block in self.input_blocks:
            for layer in block:
                x = layer(x, emb)
            kept.append(x)
        for layer in self.middle_block:
            x = layer(x, emb)
        for block in self.output_blocks:
            x = torch.cat((x, kept.pop()), dim=1)
            for layer in block:
                x = layer(x, emb)
        return self.out(x)


@pytest.fixture
def reference() -> Reference:
    generator = torch.Generator().manual_seed(0)
    network = Reference().eval()
    for parameter in network.parameters():
        parameter.data = 0.1 * torch.randn(parameter.shape, generator=generator)
    return network


def test_mapped_network_computes_what_the_original_layout_computes(reference: Reference, tmp_path: Path) -> None:
    torch.save(reference.state_dict(), tmp_path / "model.pt")
    ours = load_guided_diffusion(tmp_path / "model.pt", SHAPE).eval()
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    steps = torch.tensor([3, 700])
    with torch.inference_mode():
        torch.testing.assert_close(ours(x, steps).sample, reference(x, steps), atol=1e-4, rtol=1e-4)


def test_published_256_model_maps_name_for_name() -> None:
    with torch.device("meta"):
        expected = make_unet(IMAGENET_256).state_dict()
    # Known from the publication: 552.8 million parameters.
    assert sum(value.numel() for value in expected.values()) == pytest.approx(552.8e6, rel=1e-3)
    # 18 input and 18 output blocks; the last output block has no attention at the finest level.
    mapped = rename({"input_blocks.17.1.qkv.weight": torch.zeros(3 * 1024, 1024, 1)}, IMAGENET_256)
    assert set(mapped) <= set(expected)
    mapped = rename({"output_blocks.2.2.in_layers.2.weight": torch.zeros(1)}, IMAGENET_256)
    assert set(mapped) <= set(expected)


def test_other_files_and_other_shapes_are_refused(reference: Reference, tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="not a guided-diffusion checkpoint"):
        load_guided_diffusion(tmp_path / "other.pt", SHAPE)
    state = reference.state_dict()
    del state["out.2.bias"]
    torch.save(state, tmp_path / "short.pt")
    with pytest.raises(WeightsError, match=r"missing: conv_out\.bias"):
        load_guided_diffusion(tmp_path / "short.pt", SHAPE)
