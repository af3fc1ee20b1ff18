"""LightFusionNet3: a pointwise encoder for each source, an energy gate between them, five 3x3 convolutions.

The project names no paper. Its published command leaves training mode on, so that batch norm uses each image's own
statistics; the stored ones give another image (`statistics=`). It stretches the colour result's minimum and maximum
(`output=`). Three quarters of what the published file stores takes no part in the forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from diffif.fusers.deep.pretrained import use_image_statistics
from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

STEM, WIDTH = 16, 32
DECODER = (64, 48, 32, 16)
SOURCE = "the project catjsjsj/Network (github.com/catjsjsj/Network)"
# Published name to ours; what is not listed is not used.
PARTS = {
    "v_en.dec1.conv4.Conv": "visible.0",
    "v_en.dec1.conv1.ones_conv": "visible.1",
    "v_en.dec1.conv2": "visible.2",
    "v_en.dec1.conv3.Conv": "visible.3",
    "i_en.dec.conv4.Conv": "infrared.0",
    "i_en.dec.conv1.ones_conv": "infrared.1",
    "i_en.dec.conv2": "infrared.2",
    "i_en.dec.conv3.Conv": "infrared.3",
    "Fusion_mode2.convx": "energy",
    "Fusion_mode2.conv_v_weight": "visible_gate",
    "Fusion_mode2.conv_v_weight2": "infrared_gate",
    "dec_1.ones_conv": "decoder.0",
    "dec_2.ones_conv": "decoder.1",
    "dec_3.ones_conv": "decoder.2",
    "out.conv": "out",
}


class LightFusionNet3Network(nn.Module):
    """Visible Y and infrared (B, 1, H, W) in [0, 1] to fused Y in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        for source in ("visible", "infrared"):
            units = [_unit(1, STEM, 1), _unit(STEM, WIDTH, 3), _unit(WIDTH, WIDTH, 5), _unit(WIDTH, WIDTH, 1)]
            self.add_module(source, nn.Sequential(*units))
            gate = nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.Sigmoid())
            self.add_module(f"{source}_gate", gate)
        # One smoothing kernel for both sources: the second one of the published file was never trained.
        self.energy = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH, bias=False)
        self.decoder = nn.Sequential(*[_unit(DECODER[i], DECODER[i + 1], 3) for i in range(len(DECODER) - 1)])
        self.out = nn.Conv2d(DECODER[-1], 1, 1)

    def _encode(self, source: str, image: Tensor) -> Tensor:
        features: Tensor = self.get_submodule(source)(image)
        gate: Tensor = self.get_submodule(f"{source}_gate")(self.energy(features))
        return features * gate + features

    def forward(self, y: Tensor, infrared: Tensor) -> Tensor:
        """Fused luma."""
        features = torch.cat((self._encode("visible", y), self._encode("infrared", infrared)), dim=1)
        return torch.tanh(self.out(self.decoder(features))) / 2 + 0.5


def _unit(channels: int, out: int, size: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, out, size, padding=size // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.LeakyReLU(0.01))


class LightFusionNet3(StretchedFuser):
    """LightFusionNet3.

    Args:
        weights: The published file, or your own of the same network.
        statistics: Batch norm with the image's own statistics ("image"), as published, or the stored ones ("stored").
        output: "stretch" each colour image's range to [0, 1], as the published command does, or "clip" it.
        device: Where to compute.
    """

    name = "lightfusion3"
    label = "LightFusionNet3"
    paper = "Catjsjsj, A lightweight infrared and visible image fusion network (no paper named), GitHub 2023"
    stretches = "colour"
    weights_needed = f"fusion_model.pth of {SOURCE}"
    network_type = LightFusionNet3Network
    published = PublishedWeights(
        method="LightFusionNet3",
        files={"fusion_model.pth": "206a7fb13b57b6b19ed717696aaa254f420ab5a9c5d4e7f8471ec0f584832178"},
        published_at=f"{SOURCE}: model/Fusion/fusion_model.pth",
    )

    def __init__(
        self,
        *,
        weights: str | None = None,
        statistics: Literal["image", "stored"] = "image",
        output: Literal["stretch", "clip"] = "stretch",
        device: str = "cpu",
    ) -> None:
        super().__init__(weights=weights, output=output, device=device, settings={"statistics": statistics})
        if statistics == "image":
            # An image's statistics need the whole image, and it alone.
            self.batched = self.tileable = False
            use_image_statistics(self.network)

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From published names; what the forward pass does not use is left out."""
        state = {}
        for name, value in tensors.items():
            part, _, leaf = name.rpartition(".")
            stem, _, index = part.rpartition(".")
            if part in PARTS:
                state[f"{PARTS[part]}.{leaf}"] = value
            elif stem in PARTS:
                state[f"{PARTS[stem]}.{index}.{leaf}"] = value
        return state or dict(tensors)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(y, infrared)
        return fused
