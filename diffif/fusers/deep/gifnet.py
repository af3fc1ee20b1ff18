"""GIFNet: features shared by two fusion tasks, two transformer streams that look at each other, one decoder.

Of its published modes this is the one of all published commands: the stream trained on multi-focus images gives the
result, also for infrared and visible pairs; what only the other stream's result needs is left out. Norms take one mean
and one deviation over an image's channels and pixels, and windows start at the image's corner, so images are never
tiled. The result lies in (0, 1) and is not stretched. The published command truncates luma to 8 bit before the network,
which moves the result by up to 0.006 in single pixels; we do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import PublishedWeights

GROWTH, SHARED_LAYERS = 32, 3
WIDTH = 2 + SHARED_LAYERS * GROWTH
HEADS, WINDOW, SHIFTS = 2, 8, (0, 4)
PATCH = 4
META_WIDTH = 256
EPSILON = 1e-5
DECODER = (128, 64, 32, 16, 1)
SOURCE = "the GIFNet project (github.com/AWCXV/GIFNet)"
TRANSFORMER = "extractor_multask.SwinTransformerSpecific."
BLOCKS = ("first", "second")
LAYER = r"(?:attn\.)?(norm1|conv|V|QK|proj|mlp)"
# Published name to ours, tried in this order; what none of them matches is not used.
RENAMES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"getSharedFeatures\.conv_([123])\.conv2d\.", lambda m: f"shared.{int(m[1]) - 1}."),
    (r"patch_embed_(ivif|mfif)\.proj\.", r"embed_\1."),
    (r"layer1\.weights_mfif\.0$", r"carried"),
    (r"layer1\.blocks\.([01])\.attn\.attn\.(relative_positions|meta\.)", lambda m: f"{BLOCKS[int(m[1])]}.{m[2]}"),
    (rf"layer1\.blocks\.([01])\.{LAYER}_mfif\.(?:mlp\.)?", lambda m: f"{BLOCKS[int(m[1])]}.mfif.{m[2]}."),
    (rf"layer1\.blocks\.0\.{LAYER}\.(?:mlp\.)?", r"first.ivif.\1."),
    (r"patch_unembed\.proj\.0\.", r"unembed."),
    (r"cnnDecoder\.fuseComplementFeatures\.mlp\.", r"mix."),
    (r"cnnDecoder\.decoder\.(1|4|7|10)\.", lambda m: f"decoder.{int(m[1]) // 3}."),
)


class GIFNetNetwork(nn.Module):
    """(B, 2, H, W) infrared and visible Y in [0, 1] to fused Y (B, 1, H, W) in (0, 1); H and W at least 8."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.ModuleList([_conv(2 + index * GROWTH, GROWTH) for index in range(SHARED_LAYERS)])
        self.embed_ivif, self.embed_mfif = (_conv(WIDTH, WIDTH) for _ in range(2))
        self.first, self.second = _Block(both=True), _Block(both=False)
        self.carried = nn.Parameter(torch.zeros(1))
        self.unembed = _conv(WIDTH, WIDTH)
        self.mix = nn.Sequential(
            nn.Conv2d(2 * WIDTH, WIDTH, 1, bias=False), nn.ReLU(), nn.Conv2d(WIDTH, DECODER[0], 1, bias=False)
        )
        self.decoder = nn.ModuleList([_conv(DECODER[i], DECODER[i + 1]) for i in range(len(DECODER) - 1)])

    def _extract(self, features: Tensor) -> Tensor:
        height, width = features.shape[-2:]
        padded = F.pad(features, (0, -width % PATCH, 0, -height % PATCH), mode="reflect")
        first, second = self.embed_ivif(padded), self.embed_mfif(padded)
        first, second = self.first.run_both(first, second, SHIFTS[0])
        second = self.second.run_one(second + self.carried * first, SHIFTS[1])
        extracted: Tensor = self.unembed(second)
        return extracted[..., :height, :width]

    def forward(self, sources: Tensor) -> Tensor:
        """Fused luma."""
        features = sources
        for conv in self.shared:
            features = torch.cat((features, torch.relu(conv(features))), dim=1)
        features = self.mix(torch.cat((features, self._extract(features)), dim=1))
        *hidden, last = self.decoder
        for conv in hidden:
            features = torch.relu(conv(features))
        return torch.tanh(last(features)) / 2 + 0.5


def _conv(channels: int, out: int, size: int = 3, *, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, size, padding=size // 2, padding_mode="reflect", groups=groups)


class _Norm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.zeros(1, WIDTH, 1, 1)) for _ in range(2))
        self.meta1, self.meta2 = (nn.Conv2d(1, WIDTH, 1) for _ in range(2))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean = features.mean(dim=(1, 2, 3), keepdim=True)
        deviation = ((features - mean).square().mean(dim=(1, 2, 3), keepdim=True) + EPSILON).sqrt()
        normed = (features - mean) / deviation * self.weight + self.bias
        return normed, self.meta1(deviation), self.meta2(mean)


class _Stream(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = _Norm()
        self.QK = nn.Conv2d(WIDTH, 2 * WIDTH, 1)
        self.V = nn.Conv2d(WIDTH, WIDTH, 1)
        self.conv = _conv(WIDTH, WIDTH, 5, groups=WIDTH)
        self.proj = nn.Conv2d(WIDTH, WIDTH, 1)
        self.mlp = nn.Sequential(nn.Conv2d(WIDTH, 2 * WIDTH, 1), nn.ReLU(), nn.Conv2d(2 * WIDTH, WIDTH, 1))

    def project(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Query, key and value, and the scale and offset of what attention gives."""
        normed, scale, offset = self.norm1(features)
        query, key = self.QK(normed).chunk(2, dim=1)
        return query, key, self.V(normed), scale, offset

    def finish(self, features: Tensor, attended: Tensor, value: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        features = features + (self.proj(attended + self.conv(value)) * scale + offset)
        finished: Tensor = features + self.mlp(features)
        return finished


class _Block(nn.Module):
    relative_positions: Tensor

    def __init__(self, *, both: bool) -> None:
        super().__init__()
        if both:
            self.ivif = _Stream()
        self.mfif = _Stream()
        self.register_buffer("relative_positions", torch.zeros(WINDOW**2, WINDOW**2, 2))
        self.meta = nn.Sequential(nn.Linear(2, META_WIDTH), nn.ReLU(), nn.Linear(META_WIDTH, HEADS))

    def _bias(self) -> Tensor:
        bias: Tensor = self.meta(self.relative_positions)
        return bias.permute(2, 0, 1)

    def run_one(self, features: Tensor, shift: int) -> Tensor:
        """The stream that gives the result, alone."""
        query, key, value, scale, offset = self.mfif.project(features)
        attended = attend_in_windows(query, key, value, self._bias(), shift)
        finished: Tensor = self.mfif.finish(features, attended, value, scale, offset)
        return finished

    def run_both(self, first: Tensor, second: Tensor, shift: int) -> tuple[Tensor, Tensor]:
        """Both streams; the second one's queries also ask the first."""
        bias = self._bias()
        query, key, value, scale, offset = self.mfif.project(second)
        _, other_key, other_value, other_scale, other_offset = self.ivif.project(first)
        attended = attend_in_windows(query, other_key, other_value, bias, shift)
        first = self.ivif.finish(first, attended, other_value, other_scale, other_offset)
        attended = attend_in_windows(query, key, value, bias, shift)
        return first, self.mfif.finish(second, attended, value, scale, offset)


def attend_in_windows(query: Tensor, key: Tensor, value: Tensor, bias: Tensor, shift: int) -> Tensor:
    """Attention within windows of 8x8, (B, C, H, W) to the same shape.

    Args:
        query: (B, C, H, W).
        key: Same shape.
        value: Same shape.
        bias: (heads, 64, 64), added to the similarities; the query is the first index.
        shift: Pixels by which windows begin above and left of the image; the image is reflected there.
    """
    height, width = query.shape[-2:]
    padding = (shift, -(width + shift) % WINDOW, shift, -(height + shift) % WINDOW)
    asked, asking, taken = (_split(F.pad(image, padding, mode="reflect")) for image in (key, query, value))
    attended = F.scaled_dot_product_attention(asking, asked, taken, attn_mask=bias)
    return _join(attended)[..., shift : shift + height, shift : shift + width]


def _split(image: Tensor) -> Tensor:
    """(B, C, H, W) to (B, rows, columns, heads, 64, C / heads)."""
    cut: Tensor = image.unflatten(3, (-1, WINDOW)).unflatten(2, (-1, WINDOW)).unflatten(1, (HEADS, -1))
    return cut.permute(0, 3, 5, 1, 4, 6, 2).flatten(4, 5)


def _join(windows: Tensor) -> Tensor:
    cut: Tensor = windows.unflatten(4, (WINDOW, WINDOW))
    return cut.permute(0, 3, 6, 1, 4, 2, 5).flatten(5).flatten(3, 4).flatten(1, 2)


class GIFNet(PretrainedFuser):
    """GIFNet.

    Args:
        weights: The published file, or your own of the same network.
        device: Where to compute.
    """

    name = "gifnet"
    label = "GIFNet"
    paper = (
        "Cheng et al., One model for all: low-level task interaction is a key to task-agnostic image fusion, CVPR 2025"
    )
    weights_needed = f"Final.model of {SOURCE}, saved as GIFNet.pt"
    min_size = WINDOW
    tileable = False
    batched = False
    network_type = GIFNetNetwork
    published = PublishedWeights(
        method="GIFNet",
        files={"GIFNet.pt": "bfc1dfef0d5b386b0c04f172daf8f6af52ba395f26dc3dd5757425fd32eb1038"},
        published_at=f"{SOURCE}: model/Final.model",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From published names; without what this mode does not use."""
        state = {}
        for name, value in tensors.items():
            for pattern, ours in RENAMES:
                renamed, hits = re.subn(rf"^{pattern}", ours, name.removeprefix(TRANSFORMER))
                if hits:
                    state[renamed] = value
                    break
        return state or dict(tensors)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(torch.cat((infrared, y), dim=1))
        return fused
