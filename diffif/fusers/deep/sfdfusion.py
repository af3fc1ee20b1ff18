"""SFDFusion: features of each source, and an image put together from fused amplitudes and phases.

The published network ends by stretching its result to minimum and maximum; `output=` chooses. Its Fourier transform
forth and back needs an even width: the published script stops at an odd one, here a row and a column are added by
reflection where needed and cut off again. Transform and stretching see the whole image, so images are never tiled. The
phase of a frequency that is nearly 0 depends on rounding: expect differences of 1e-5 between machines. The published
command works in grey and truncates to 8 bit; the visible image's chroma is what its unfinished colour mode intends.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from diffif.fusers.deep.stretched import StretchedFuser
from diffif.fusers.published.weights import PublishedWeights

WIDTH = 8
DECODER = (32, 128, 64, 32, 1)
FOURIER_SLOPE = 0.1
# Added by the authors to the real and to the imaginary part of the fused spectrum.
SPECTRUM_OFFSET = 1e-8
SOURCE = "the SFDFusion project (github.com/lqz2/SFDFusion)"


class SFDFusionNetwork(nn.Module):
    """Infrared and visible Y (B, 1, H, W) in [0, 1] to fused Y in (-1, 1); W even."""

    def __init__(self) -> None:
        super().__init__()
        self.dmrm = _Modalities()
        self.ff1, self.ff2 = (_two_convolutions(2, 1, 1, nn.LeakyReLU(FOURIER_SLOPE)) for _ in range(2))
        self.ifft = _two_convolutions(2, 4, WIDTH, nn.ReLU())
        hidden = [
            nn.Sequential(_conv(DECODER[index], DECODER[index + 1]), nn.ReLU() if DECODER[index + 1] > 1 else nn.Tanh())
            for index in range(len(DECODER) - 1)
        ]
        encoder = nn.Sequential(_conv(3 * WIDTH, DECODER[0]), nn.ReLU())
        self.fus_block = nn.Sequential(OrderedDict(encoder=encoder, down_conv=nn.Sequential(*hidden)))

    def _fuse_spectra(self, infrared: Tensor, y: Tensor) -> Tensor:
        spectra = [torch.fft.rfft2(image) for image in (infrared, y)]
        amplitude = self.ff1(torch.cat([spectrum.abs() for spectrum in spectra], dim=1))
        phase = self.ff2(torch.cat([spectrum.angle() for spectrum in spectra], dim=1))
        parts = (part + SPECTRUM_OFFSET for part in (amplitude * phase.cos(), amplitude * phase.sin()))
        image = torch.fft.irfft2(torch.complex(*parts)).abs()
        # Maximum and mean over one channel: the same image twice.
        features: Tensor = self.ifft(torch.cat((image, image), dim=1))
        return features

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        """Fused luma before the stretching."""
        features = [*self.dmrm(infrared, y), self._fuse_spectra(infrared, y)]
        fused: Tensor = self.fus_block(torch.cat(features, dim=1))
        return fused


def _conv(channels: int, out: int, *, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1, groups=groups, bias=groups == 1)


def _two_convolutions(channels: int, hidden: int, out: int, activation: nn.Module) -> nn.Sequential:
    layers = nn.Sequential(_conv(channels, hidden), activation, _conv(hidden, out), activation)
    return nn.Sequential(OrderedDict(conv1=layers))


class _Gradient(nn.Module):
    # Kernels that began as Sobel's and were trained.
    def __init__(self) -> None:
        super().__init__()
        self.convx, self.convy = (_conv(WIDTH, WIDTH, groups=WIDTH) for _ in range(2))

    def forward(self, features: Tensor) -> Tensor:
        magnitude: Tensor = self.convx(features).abs() + self.convy(features).abs()
        return magnitude


class _Modalities(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for source in ("ir", "vi"):
            self.add_module(f"{source}_embed", nn.Sequential(_conv(1, WIDTH), nn.ReLU()))
            self.add_module(f"grad_{source}", _Gradient())
            for which in (1, 2):
                gate = nn.Sequential(_conv(WIDTH, WIDTH), nn.Sigmoid())
                self.add_module(f"{source}_att{which}", nn.Sequential(OrderedDict(att=gate)))

    def forward(self, infrared: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        own = {"ir": self.get_submodule("ir_embed")(infrared), "vi": self.get_submodule("vi_embed")(y)}
        common = own["ir"] + own["vi"]
        refined = {
            source: features * self.get_submodule(f"{source}_att1")(features)
            + common * self.get_submodule(f"{source}_att2")(common)
            + self.get_submodule(f"grad_{source}")(features)
            for source, features in own.items()
        }
        return refined["ir"], refined["vi"]


class SFDFusion(StretchedFuser):
    """SFDFusion.

    Args:
        weights: The published file, or your own of the same network.
        output: "stretch" each image's range to [0, 1], as the published network does, or "clip" it.
        device: Where to compute.
    """

    name = "sfdfusion"
    label = "SFDFusion"
    paper = (
        "Hu et al., SFDFusion: an efficient spatial-frequency domain fusion network for infrared and visible image "
        "fusion, ECAI 2024"
    )
    weights_needed = f"model-1_1_10_1.pth of {SOURCE}, saved as SFDFusion.pth"
    stride = 2
    tileable = False
    batched = False
    network_type = SFDFusionNetwork
    published = PublishedWeights(
        method="SFDFusion",
        files={"SFDFusion.pth": "65307415ea2f05ee158cce94e0b3ee4565fef77cfcee2707c81cf4be5f078032"},
        published_at=f"{SOURCE}: models/model-1_1_10_1.pth",
    )

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        fused: Tensor = self.network(infrared, y)
        return fused
