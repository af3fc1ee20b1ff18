"""SDNet: both sources squeezed into one image, by a network that was trained to take it apart again.

The published file also holds the decomposition that training needs (layers 6 to 9); fusion does not use it. Images are
in [-1, 1] inside. The published command saves each result stretched to its own minimum and maximum; `output=`
chooses. It reads grey images; luma that is not rounded and the visible image's chroma are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

GROWTH, LAYERS, SLOPE = 16, 4, 0.2
SOURCES = ("ir", "vi")
FUSION_LAYER = 5
SOURCE = "the SDNet project (github.com/HaoZhang1018/SDNet)"


class SDNetNetwork(nn.Module):
    """Two sources (B, 1, H, W) in [-1, 1] to their fusion in (-1, 1); infrared, or the functional image, first."""

    def __init__(self) -> None:
        super().__init__()
        for source in SOURCES:
            for index in range(1, LAYERS + 1):
                size, channels = (5, 1) if index == 1 else (3, GROWTH * (index - 1))
                self.add_module(f"layer{index}_{source}", nn.Conv2d(channels, GROWTH, size, padding=size // 2))
        self.layer5_fuse = nn.Conv2d(2 * LAYERS * GROWTH, 1, 1)

    def _encode(self, source: str, image: Tensor) -> list[Tensor]:
        features: list[Tensor] = []
        for index in range(1, LAYERS + 1):
            # From the third layer on, each sees all the features before it.
            seen = torch.cat(features, dim=1) if features else image
            features.append(F.leaky_relu(self.get_submodule(f"layer{index}_{source}")(seen), SLOPE))
        return features

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        """The squeezed image."""
        pairs = zip(self._encode("ir", infrared), self._encode("vi", y), strict=True)
        return torch.tanh(self.layer5_fuse(torch.cat([features for pair in pairs for features in pair], dim=1)))


class SDNet(StretchedFuser):
    """SDNet, trained on infrared and visible images.

    Args:
        weights: The published weights as safetensors.
        output: "stretch" each image's range to [0, 1], as the published command does, or "clip".
        device: Where to compute.
    """

    name = "sdnet"
    label = "SDNet"
    paper = (
        "Zhang and Ma, SDNet: a versatile squeeze-and-decomposition network for real-time image fusion, IJCV 129, 2021"
    )
    weights_needed = f"the TensorFlow checkpoint of {SOURCE}, converted by import-weights"
    network_type = SDNetNetwork
    published = PublishedWeights(
        method="SDNet",
        files={"SDNet_IVIF.safetensors": "a2562b47540579d3f6a82701c0dd7aeb7adf891fe4bf526037e04d3327f69f1d"},
        published_at=f"{SOURCE}: IR_VIS/checkpoint, converted with python -m diffif import-weights sdnet",
        tensors_sha256="a8fe9da45c4347af1d70ab54a8019409e5483c38d10cafd9715965293ee5868b",
        variables=("_ir", "_vi", "_fuse", "_sept"),
    )

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From `fusion_model/layer1_ir/w1_ir` in HWIO; without the decomposition."""
        state = {}
        for name, value in tensors.items():
            *_, layer, variable = ["", *name.split("/")]
            if not (layer.startswith("layer") and layer[5:6].isdigit()):
                state[name] = value
            elif int(layer[5]) <= FUSION_LAYER:
                kernel = variable.startswith("w")
                state[f"{layer}.{'weight' if kernel else 'bias'}"] = value.permute(3, 2, 0, 1) if kernel else value
        return {name: value.contiguous() for name, value in state.items()}

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(2 * infrared - 1, 2 * y - 1)
        return (fused + 1) / 2


class SDNetMedical(SDNet):
    """SDNet, trained on medical images: PET or SPECT in the visible's place, MRI in the infrared's."""

    name = "sdnet-mif"
    label = "SDNet (medical)"
    published = PublishedWeights(
        method="SDNet",
        files={"SDNet_Medical.safetensors": "c292c37bed96e4dfc951b2e6146d18c3a78a0c088391943e5d9dacd0a68bb94d"},
        published_at=f"{SOURCE}: Medical/checkpoint, converted with python -m diffif import-weights sdnet-mif",
        tensors_sha256="88e588357bc7d2da34a25ee66f1dacf903504f8e5aab5bb827320ceb5673da88",
        variables=("_ir", "_vi", "_fuse", "_sept"),
    )

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        # The functional image has the place that infrared has in the other training.
        return super()._fuse_luma(infrared, y)
