"""U2Fusion: one densely connected network for all fusion tasks, in the authors' TensorFlow weights.

The published command stretches each result's minimum and maximum to black and white; `output=` chooses.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import from_tensorflow
from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

GROWTH, DENSE_LAYERS = 44, 5
DECODER = (264, 128, 64, 32, 1)
SLOPE = 0.2
SOURCE = "the U2Fusion project (github.com/hanna-xu/U2Fusion)"


class U2FusionNetwork(nn.Module):
    """(B, 2, H, W) infrared and visible in [0, 1] to (B, 1, H, W) in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1_1 = _conv(2, GROWTH)
        for index in range(1, DENSE_LAYERS + 1):
            self.add_module(f"dense_block_conv{index}", _conv(GROWTH * index, GROWTH))
        layers = [(f"conv2_{i + 1}", _conv(DECODER[i], DECODER[i + 1])) for i in range(len(DECODER) - 1)]
        self.decoder = nn.Sequential(OrderedDict(layers))

    def forward(self, sources: Tensor) -> Tensor:
        """Fused Y, (B, 1, H, W), from the stacked sources."""
        features = nn.functional.leaky_relu(self.conv1_1(sources), SLOPE)
        for index in range(1, DENSE_LAYERS + 1):
            new = nn.functional.leaky_relu(self.get_submodule(f"dense_block_conv{index}")(features), SLOPE)
            features = torch.cat((new, features), dim=1)
        *hidden, last = self.decoder
        for layer in hidden:
            features = nn.functional.leaky_relu(layer(features), SLOPE)
        return torch.tanh(last(features)) / 2 + 0.5


def _conv(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1, padding_mode="reflect")


class U2Fusion(StretchedFuser):
    """U2Fusion.

    Args:
        weights: The published weights as safetensors.
        output: "stretch" each image's range to [0, 1], as the published command does, or leave it as it is ("clip").
        device: Where to compute.
    """

    name = "u2fusion"
    label = "U2Fusion"
    paper = "Xu et al., U2Fusion: a unified unsupervised image fusion network, IEEE TPAMI 44(1), 2022"
    weights_needed = f"the TensorFlow checkpoint of {SOURCE}, converted by import-weights"
    min_size = 2
    network_type = U2FusionNetwork
    published = PublishedWeights(
        method="U2Fusion",
        files={"U2Fusion.safetensors": "d5020b298342f57a002e170a5e151d2e5fd8dd9e30fec8687c988c481b4a352c"},
        published_at=f"{SOURCE}: model.ckpt, converted with python -m diffif import-weights u2fusion",
        tensors_sha256="d2169229717435d0f230786b83b6ad0a790fa44a09e36d9bcb52012d8aa86d95",
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From variable scopes."""
        return from_tensorflow(tensors, {"Generator/encoder": "", "Generator_1/decoder": "decoder."})

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(torch.cat((infrared, y), dim=1))
        return fused
