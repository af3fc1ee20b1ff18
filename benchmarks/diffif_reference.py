"""Diff-IF as the paper's arithmetic reads, without any thought of speed: what `benchmarks/diffif.py` compares with.

float32, channels first, one image at a time, attention with its full matrix, every normalisation written out. It works
on a state dict under the published names, and is held to the golden numbers by `tests/golden/test_diffif_golden.py`.
Source: Yi et al., Diff-IF, 2024; Saharia et al., SR3, 2021; Zamir et al., Restormer, 2022.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

State = Mapping[str, Tensor]
NORM_EPSILON = 1e-5


def embed_level(state: State, name: str, level: Tensor) -> Tensor:
    """Embedding (B, E) of noise levels (B, 1) by the MLP of this name."""
    half = state[f"{name}.1.weight"].shape[1] // 2
    angle = level * torch.exp(-math.log(1e4) * torch.arange(half) / half)
    code = torch.cat([torch.sin(angle), torch.cos(angle)], dim=1)
    hidden = F.linear(code, state[f"{name}.1.weight"], state[f"{name}.1.bias"])
    hidden = hidden * torch.sigmoid(hidden)
    return F.linear(hidden, state[f"{name}.3.weight"], state[f"{name}.3.bias"])


def shift(state: State, name: str, x: Tensor, embedding: Tensor) -> Tensor:
    """Add a function of the noise level to each channel."""
    return x + F.linear(embedding, state[f"{name}.weight"], state[f"{name}.bias"])[:, :, None, None]


def convolve(state: State, name: str, x: Tensor, *, stride: int = 1, groups: int = 1) -> Tensor:
    """Convolution with zero padding that keeps the size (times 1/stride)."""
    weight = state[f"{name}.weight"]
    return F.conv2d(x, weight, state.get(f"{name}.bias"), stride=stride, padding=weight.shape[-1] // 2, groups=groups)


def group_norm(state: State, name: str, x: Tensor, groups: int) -> Tensor:
    """Group normalisation with scale and offset per channel."""
    return F.group_norm(x, groups, state[f"{name}.weight"], state[f"{name}.bias"], NORM_EPSILON)


def half_block(state: State, name: str, x: Tensor, groups: int) -> Tensor:
    """Normalisation, swish, convolution."""
    x = group_norm(state, f"{name}.block.0", x, groups)
    return convolve(state, f"{name}.block.3", x * torch.sigmoid(x))


def stage(state: State, name: str, x: Tensor, embedding: Tensor, groups: int) -> Tensor:
    """Residual block and, where the state has one, attention over all pixels."""
    block = f"{name}.res_block"
    y = half_block(state, f"{block}.block1", x, groups)
    y = shift(state, f"{block}.noise_func.noise_func.0", y, embedding)
    y = half_block(state, f"{block}.block2", y, groups)
    y = y + (convolve(state, f"{block}.res_conv", x) if f"{block}.res_conv.weight" in state else x)
    return attend_pixels(state, f"{name}.attn", y, groups) if f"{name}.attn.qkv.weight" in state else y


def attend_pixels(state: State, name: str, x: Tensor, groups: int) -> Tensor:
    """One-head attention with the whole (pixels x pixels) matrix in memory."""
    b, c, h, w = x.shape
    q, k, v = convolve(state, f"{name}.qkv", group_norm(state, f"{name}.norm", x, groups)).chunk(3, dim=1)
    scores = torch.einsum("bchw,bcyx->bhwyx", q, k) / math.sqrt(c)
    weights = torch.softmax(scores.reshape(b, h, w, h * w), dim=-1).reshape(b, h, w, h, w)
    y = torch.einsum("bhwyx,bcyx->bchw", weights, v)
    return x + convolve(state, f"{name}.out", y)


def denoise(state: State, x: Tensor, level: Tensor, *, groups: int) -> Tensor:
    """Predicted noise (B, 1, H, W) from visible luma, infrared and x_t, (B, 3, H, W)."""
    embedding = embed_level(state, "denoise_fn.noise_level_mlp", level)
    skips = []
    for name in _children(state, "denoise_fn.downs"):
        if f"{name}.conv.weight" in state:
            x = convolve(state, f"{name}.conv", x, stride=2)
        elif f"{name}.weight" in state:
            x = convolve(state, name, x)
        else:
            x = stage(state, name, x, embedding, groups)
        skips.append(x)
    for name in _children(state, "denoise_fn.mid"):
        x = stage(state, name, x, embedding, groups)
    for name in _children(state, "denoise_fn.ups"):
        if f"{name}.conv.weight" in state:
            x = convolve(state, f"{name}.conv", F.interpolate(x, scale_factor=2.0, mode="nearest"))
        else:
            x = stage(state, name, torch.cat([x, skips.pop()], dim=1), embedding, groups)
    return half_block(state, "denoise_fn.final_conv", x, groups)


def pixel_norm(state: State, name: str, x: Tensor) -> Tensor:
    """Layer normalisation over the channels of each pixel."""
    b, c, h, w = x.shape
    tokens = x.permute(0, 2, 3, 1).reshape(b, h * w, c)
    mean = tokens.mean(dim=-1, keepdim=True)
    variance = tokens.var(dim=-1, keepdim=True, unbiased=False)
    tokens = (tokens - mean) / torch.sqrt(variance + NORM_EPSILON)
    tokens = tokens * state[f"{name}.body.weight"] + state[f"{name}.body.bias"]
    return tokens.reshape(b, h, w, c).permute(0, 3, 1, 2).contiguous()


def attend_channels(state: State, name: str, x: Tensor) -> Tensor:
    """Attention between channels, over unit vectors."""
    b, c, h, w = x.shape
    heads = state[f"{name}.temperature"].shape[0]
    qkv = convolve(state, f"{name}.qkv_dwconv", convolve(state, f"{name}.qkv", x), groups=3 * c)
    q, k, v = (part.reshape(b, heads, c // heads, h * w) for part in qkv.chunk(3, dim=1))
    q, k = (part / part.norm(dim=-1, keepdim=True).clamp(min=1e-12) for part in (q, k))
    weights = torch.softmax(q @ k.transpose(-2, -1) * state[f"{name}.temperature"], dim=-1)
    return convolve(state, f"{name}.project_out", (weights @ v).reshape(b, c, h, w))


def feed_forward(state: State, name: str, x: Tensor) -> Tensor:
    """1x1, 3x3, GELU, 1x1."""
    hidden = convolve(state, f"{name}.project_in", x)
    weight = state[f"{name}.dwconv.weight"]
    hidden = convolve(state, f"{name}.dwconv", hidden, groups=hidden.shape[1] // weight.shape[1])
    return convolve(state, f"{name}.project_out", F.gelu(hidden))


def transformer_block(state: State, name: str, x: Tensor) -> Tensor:
    """Channel attention and feed-forward, each added to its input."""
    x = x + attend_channels(state, f"{name}.attn", pixel_norm(state, f"{name}.norm1", x))
    return x + feed_forward(state, f"{name}.ffn", pixel_norm(state, f"{name}.norm2", x))


def level_blocks(state: State, name: str, x: Tensor, embedding: Tensor) -> Tensor:
    """Blocks, each followed by a shift by the noise level."""
    for child in _children(state, name):
        if f"{child}.noise_func.0.weight" in state:
            x = shift(state, f"{child}.noise_func.0", x, embedding)
        else:
            x = transformer_block(state, child, x)
    return x


def refine(state: State, condition: Tensor, x0: Tensor, level: Tensor) -> Tensor:
    """Refined clean image (B, 1, H, W), not clamped."""
    r = "refinement_fn"
    embedding = embed_level(state, f"{r}.noise_level_mlp", level)
    estimate1 = level_blocks(state, f"{r}.encoder_level1", convolve(state, f"{r}.patch_embed.proj", x0), embedding)
    sources1 = convolve(state, f"{r}.patch_embed_refine.proj", condition)
    sources1 = level_blocks(state, f"{r}.encoder_level1_refine", sources1, embedding)
    merged1 = convolve(state, f"{r}.reduce_chan_level1_refine", torch.cat([estimate1, sources1], dim=1))
    estimate2 = level_blocks(state, f"{r}.encoder_level2", merged1, embedding)
    sources2 = level_blocks(state, f"{r}.encoder_level2_refine", sources1, embedding)
    merged2 = convolve(state, f"{r}.reduce_chan_level2_refine", torch.cat([estimate2, sources2], dim=1))
    x = level_blocks(state, f"{r}.decoder_level2", merged2, embedding)
    x = convolve(state, f"{r}.reduce_chan_level1", torch.cat([x, merged1], dim=1))
    x = level_blocks(state, f"{r}.decoder_level1", x, embedding)
    x = convolve(state, f"{r}.reduce_chan_level_out", torch.cat([x, estimate1], dim=1))
    for child in _children(state, f"{r}.refinement"):
        x = transformer_block(state, child, x)
    return convolve(state, f"{r}.output", x)


@torch.inference_mode()
def sample_reference(
    state: State,
    condition: Tensor,
    noises: list[Tensor],
    *,
    groups: int,
    num_steps: int = 4,
    num_timesteps: int = 1000,
    beta_start: float = 1e-6,
    beta_end: float = 1e-2,
) -> Tensor:
    """The published sampler: DDIM with eta 1, the refined image fed back.

    Args:
        state: Parameters under the published names, float32.
        condition: Visible luma and infrared, (1, 2, H, W) in [-1, 1].
        noises: The starting image and the noise of each step but the last, each (1, 1, H, W).
        groups: Groups of the denoiser's normalisations.
        num_steps: Denoising steps.
        num_timesteps: T.
        beta_start: First beta.
        beta_end: Last beta.

    Returns:
        (1, 1, H, W) in [-1, 1].
    """
    betas = torch.linspace(beta_start, beta_end, num_timesteps, dtype=torch.float64)
    alpha_bar = torch.cumprod(1 - betas, dim=0)
    x = noises[0]
    for step in range(num_steps):
        a = float(alpha_bar[(num_steps - step) * num_timesteps // num_steps - 1])
        last = step == num_steps - 1
        a_next = 1.0 if last else float(alpha_bar[(num_steps - step - 1) * num_timesteps // num_steps - 1])
        level = torch.full((1, 1), math.sqrt(a))
        eps = denoise(state, torch.cat([condition, x], dim=1), level, groups=groups)
        x0 = (x / math.sqrt(a) - math.sqrt(1 / a - 1) * eps).clamp(-1, 1)
        refined = refine(state, condition, x0, level).clamp(-1, 1)
        sigma = math.sqrt((1 - a_next) / (1 - a) * (1 - a / a_next))
        x = math.sqrt(a_next) * refined + math.sqrt(max(0.0, 1 - a_next - sigma**2)) * eps
        x = x if last else x + sigma * noises[step + 1]
    return x


def _children(state: State, name: str) -> list[str]:
    """Names of the numbered modules below this one, in order."""
    numbers = {int(key[len(name) + 1 :].split(".")[0]) for key in state if key.startswith(f"{name}.")}
    return [f"{name}.{number}" for number in sorted(numbers)]
