"""OpenAI guided-diffusion checkpoints in the UNet2DModel of diffusers: the same network under other names.

The published 256x256 unconditional model is described by `IMAGENET_256`; other sizes of the same family load with
their own description. Only names and the order of attention channels change, no value does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from diffif.fusers.published.weights import load_state, read_tensors
from suite.errors import WeightsError


@dataclass(frozen=True, kw_only=True)
class GuidedDiffusion:
    """The shape of one guided-diffusion network."""

    image_size: int
    base_channels: int
    multipliers: tuple[int, ...]
    attention_levels: tuple[int, ...]
    """Levels with attention, 0 is the finest."""
    blocks_per_level: int = 2
    head_channels: int = 64
    image_channels: int = 3
    learned_variance: bool = True


# Dhariwal and Nichol, Diffusion models beat GANs, NeurIPS 2021: 256x256_diffusion_uncond.pt.
IMAGENET_256 = GuidedDiffusion(
    image_size=256, base_channels=256, multipliers=(1, 1, 2, 2, 4, 4), attention_levels=(3, 4, 5)
)

RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


def make_unet(shape: GuidedDiffusion) -> Any:
    """The same network in diffusers, without weights."""
    from diffusers import UNet2DModel

    levels = range(len(shape.multipliers))
    attention = [level in shape.attention_levels for level in levels]
    architecture: Any = UNet2DModel
    return architecture(
        sample_size=shape.image_size,
        in_channels=shape.image_channels,
        out_channels=shape.image_channels * (2 if shape.learned_variance else 1),
        block_out_channels=tuple(shape.base_channels * multiplier for multiplier in shape.multipliers),
        layers_per_block=shape.blocks_per_level,
        down_block_types=tuple("AttnDownBlock2D" if on else "ResnetDownsampleBlock2D" for on in attention),
        up_block_types=tuple("AttnUpBlock2D" if on else "ResnetUpsampleBlock2D" for on in reversed(attention)),
        resnet_time_scale_shift="scale_shift",
        downsample_type="resnet",
        upsample_type="resnet",
        attention_head_dim=shape.head_channels,
        norm_num_groups=32,
        # Left out, the middle block's attention would lose its normalisation.
        attn_norm_num_groups=32,
        norm_eps=1e-5,
        act_fn="silu",
        flip_sin_to_cos=True,
        freq_shift=0,
    )


def load_guided_diffusion(path: Path, shape: GuidedDiffusion = IMAGENET_256) -> Any:
    """The network of a checkpoint file.

    Raises:
        WeightsError: not a guided-diffusion checkpoint of this shape.
    """
    tensors = read_tensors(path)
    if "input_blocks.0.0.weight" not in tensors:
        raise WeightsError(
            f"{path} is not a guided-diffusion checkpoint (it has no input_blocks.0.0.weight). Expected "
            "256x256_diffusion_uncond.pt of the guided-diffusion project (github.com/openai/guided-diffusion)."
        )
    network = make_unet(shape)
    load_state(network, rename(tensors, shape), f"guided diffusion at {shape.image_size}x{shape.image_size}")
    return network


def rename(tensors: Mapping[str, Tensor], shape: GuidedDiffusion) -> dict[str, Tensor]:
    """From guided-diffusion's names to those of UNet2DModel; names that are not recognised stay, to be reported."""
    modules = {
        "time_embed.0": "time_embedding.linear_1",
        "time_embed.2": "time_embedding.linear_2",
        "input_blocks.0.0": "conv_in",
        "out.0": "conv_norm_out",
        "out.2": "conv_out",
        **_prefixed(RESNET, "middle_block.0", "mid_block.resnets.0"),
        **_prefixed(RESNET, "middle_block.2", "mid_block.resnets.1"),
        **_down(shape),
        **_up(shape),
    }
    attention = {"middle_block.1": "mid_block.attentions.0", **_attention(shape)}
    state: dict[str, Tensor] = {}
    for name, value in tensors.items():
        module, _, leaf = name.rpartition(".")
        owner, _, part = module.rpartition(".")
        if owner in attention:
            state.update(_attention_tensors(attention[owner], part, leaf, value, shape.head_channels))
        else:
            state[f"{modules.get(module, module)}.{leaf}"] = value
    return state


def _prefixed(names: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    return {f"{old}.{before}": f"{new}.{after}" for before, after in names.items()}


def _down(shape: GuidedDiffusion) -> dict[str, str]:
    names: dict[str, str] = {}
    index = 1
    for level in range(len(shape.multipliers)):
        for block in range(shape.blocks_per_level):
            names |= _prefixed(RESNET, f"input_blocks.{index}.0", f"down_blocks.{level}.resnets.{block}")
            index += 1
        if level < len(shape.multipliers) - 1:
            names |= _prefixed(RESNET, f"input_blocks.{index}.0", f"down_blocks.{level}.downsamplers.0")
            index += 1
    return names


def _up(shape: GuidedDiffusion) -> dict[str, str]:
    names: dict[str, str] = {}
    index, count = 0, len(shape.multipliers)
    for position in range(count):
        for block in range(shape.blocks_per_level + 1):
            names |= _prefixed(RESNET, f"output_blocks.{index}.0", f"up_blocks.{position}.resnets.{block}")
            last = block == shape.blocks_per_level
            if last and position < count - 1:
                # The upsampler is the last module of the level's last block, behind its attention.
                slot = 2 if count - 1 - position in shape.attention_levels else 1
                names |= _prefixed(RESNET, f"output_blocks.{index}.{slot}", f"up_blocks.{position}.upsamplers.0")
            index += 1
    return names


def _attention(shape: GuidedDiffusion) -> dict[str, str]:
    names: dict[str, str] = {}
    levels, per_level = len(shape.multipliers), shape.blocks_per_level
    for level in shape.attention_levels:
        first = 1 + level * (per_level + 1)
        position = levels - 1 - level
        for block in range(per_level):
            names[f"input_blocks.{first + block}.1"] = f"down_blocks.{level}.attentions.{block}"
        for block in range(per_level + 1):
            names[f"output_blocks.{position * (per_level + 1) + block}.1"] = f"up_blocks.{position}.attentions.{block}"
    return names


def _attention_tensors(owner: str, part: str, leaf: str, value: Tensor, head_channels: int) -> dict[str, Tensor]:
    """One attention tensor; the joint qkv convolution holds, per head, its q, k and v channels in turn."""
    value = value.squeeze(-1) if value.ndim == 3 else value
    if part == "norm":
        return {f"{owner}.group_norm.{leaf}": value}
    if part == "proj_out":
        return {f"{owner}.to_out.0.{leaf}": value}
    heads = value.unflatten(0, (-1, 3, head_channels))
    return {f"{owner}.to_{which}.{leaf}": heads[:, i].flatten(0, 1) for i, which in enumerate("qkv")}
