"""DenseFuse: an auto-encoder with a dense block; the features of both sources are added.

The network works on 0..255. Adding features gives about twice the range of one source, which the published command
stretches to black and white per image; `output=` chooses.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import PretrainedFuser, from_tensorflow
from diffif.fusers.output_range import stretch
from diffif.fusers.published.weights import PublishedWeights

GROWTH, DENSE_LAYERS = 16, 3
DECODER = (64, 64, 32, 16, 1)
WHITE = 255.0
SOURCE = "the DenseFuse project (github.com/hli1221/imagefusion_densefuse)"


class DenseFuseNetwork(nn.Module):
    """Two sources (B, 1, H, W) in [0, 255] to (B, 1, H, W) in about twice that range."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1_1 = _conv(1, GROWTH)
        for index in range(1, DENSE_LAYERS + 1):
            self.add_module(f"dense_block_conv{index}", _conv(GROWTH * index, GROWTH))
        layers = [(f"conv2_{i + 1}", _conv(DECODER[i], DECODER[i + 1])) for i in range(len(DECODER) - 1)]
        self.decoder = nn.Sequential(OrderedDict(layers))

    def encode(self, image: Tensor) -> Tensor:
        """(B, 64, H, W) features of one source."""
        features = torch.relu(self.conv1_1(image))
        for index in range(1, DENSE_LAYERS + 1):
            new = torch.relu(self.get_submodule(f"dense_block_conv{index}")(features))
            features = torch.cat((new, features), dim=1)
        return features

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Fused image, (B, 1, H, W), from the summed features of both sources."""
        features = self.encode(first) + self.encode(second)
        *hidden, last = self.decoder
        for layer in hidden:
            features = torch.relu(layer(features))
        fused: Tensor = last(features)
        return fused


def _conv(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1, padding_mode="reflect")


class DenseFuse(PretrainedFuser):
    """DenseFuse with addition of features.

    Args:
        weights: The published weights as safetensors.
        output: "stretch" each image's range to [0, 1], as the published command does, or "half" it, which undoes the
            addition of two sources.
        device: Where to compute.
    """

    name = "densefuse"
    label = "DenseFuse"
    paper = "Li and Wu, DenseFuse: a fusion approach to infrared and visible images, IEEE TIP 28(5), 2019"
    weights_needed = f"the TensorFlow checkpoint of {SOURCE}, converted by import-weights"
    min_size = 2
    network_type = DenseFuseNetwork
    published = PublishedWeights(
        method="DenseFuse",
        files={"DenseFuse.safetensors": "04067690a0112807921c8775b822a388a735a209a8d911a9f9ad4d3dfd2b742c"},
        published_at=f"{SOURCE}: the .ckpt, converted with python -m diffif import-weights densefuse",
        tensors_sha256="762de23b77ac67cd1d825a83d9817b47545a9106d1525e7ff1b3421d16296c39",
    )

    def __init__(
        self, *, weights: str | None = None, output: Literal["stretch", "half"] = "stretch", device: str = "cpu"
    ) -> None:
        super().__init__(weights=weights, device=device, settings={"output": output})
        self.output = output

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From variable scopes."""
        return from_tensorflow(tensors, {"encoder": "", "decoder": "decoder."})

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(infrared * WHITE, y * WHITE)
        return fused / WHITE

    def _finish(self, fused: Tensor) -> Tensor:
        return stretch(fused) if self.output == "stretch" else fused / 2
