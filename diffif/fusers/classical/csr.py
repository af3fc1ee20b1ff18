"""CSR: convolutional sparse representation of the detail over a learned dictionary; bases are averaged.

Coefficients come from the alternating direction method in the Fourier domain, in which every frequency is a rank-one
system. The dictionary is the authors' (32 filters of 8x8).
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.filters import mean_filter
from diffif.fusers.published.weights import PublishedWeights, load_weights
from suite.errors import SettingsError, WeightsError

# The paper's settings: sparsity, Tikhonov weight and padding of the low-pass, and the activity's window (infrared).
SPARSITY, SMOOTHNESS, BORDER, ACTIVITY_RADIUS = 0.01, 5.0, 16, 3
SOURCE = "Yu Liu's convolutional sparse representation code (github.com/yuliu316316)"


def lowpass(image: Tensor) -> Tensor:
    """The smooth image s that minimises |s - image|^2 + SMOOTHNESS * |gradient of s|^2, (B, 1, H, W)."""
    padded = F.pad(image, (BORDER,) * 4, mode="replicate")
    height, width = padded.shape[-2:]
    rows = 2 - 2 * torch.cos(2 * torch.pi * torch.arange(height, device=image.device) / height)
    columns = 2 - 2 * torch.cos(2 * torch.pi * torch.arange(width // 2 + 1, device=image.device) / width)
    response = 1 / (1 + SMOOTHNESS * (rows[:, None] + columns[None, :]))
    smooth = torch.fft.irfft2(torch.fft.rfft2(padded) * response, s=(height, width))
    inside: Tensor = smooth[..., BORDER:-BORDER, BORDER:-BORDER]
    return inside


def sparse_code(image: Tensor, dictionary: Tensor, *, sparsity: float, iterations: int) -> Tensor:
    """Coefficient maps x that minimise |sum_m d_m * x_m - image|^2 / 2 + sparsity * |x|_1.

    Args:
        image: (B, 1, H, W).
        dictionary: (M, h, w) filters of unit norm; convolution is circular.
        sparsity: Weight of the L1 norm.
        iterations: Steps of the alternating direction method.

    Returns:
        (B, M, H, W).

    Source: Wohlberg, Efficient algorithms for convolutional sparse representations, IEEE TIP 25(1), 2016, Section III.
    """
    size = (int(image.shape[-2]), int(image.shape[-1]))
    rho = 100 * sparsity + 1
    spectrum = torch.fft.rfft2(dictionary, s=size)[None]
    energy = spectrum.abs().square().sum(dim=1, keepdim=True)
    target = torch.fft.rfft2(image)
    # The step starts from code - dual and ends at the sum that is shrunk: what is cut off by shrinking is the new dual.
    start = image.new_zeros((image.shape[0], dictionary.shape[0], *size))
    dual = torch.zeros_like(start)
    for _ in range(iterations):
        # Sherman and Morrison: (d d^H + rho I)^-1 (d^H target + rho start) per frequency, as a correction of start.
        error = (target - (spectrum * torch.fft.rfft2(start)).sum(dim=1, keepdim=True)) / (rho + energy)
        total = torch.fft.irfft2(spectrum.conj() * error, s=size).add_(start).add_(dual)
        dual = total.clamp(-sparsity / rho, sparsity / rho)
        start = total.sub_(dual, alpha=2)
    return start + dual


class CSR(Fuser):
    """Convolutional sparse representation fusion.

    Args:
        weights: The published dict.mat, or your own array D of (h, w, M).
        iterations: Steps of the solver; more change the image little.
        rule: The base layers' "average", as the paper does for infrared pairs, or the "max" of activity.
        device: Where to compute.

    Raises:
        WeightsError: the dictionary is missing or has another layout.
        SettingsError: iterations is below 1.
    """

    name = "csr"
    label = "CSR"
    kind = "classical"
    paper = "Liu et al., Image fusion with convolutional sparse representation, IEEE SPL 23(12), 2016"
    weights_needed = f"dict.mat of {SOURCE}"
    min_size = 16
    tileable = False
    batched = False
    code_version = 2
    published = PublishedWeights(
        method="csr",
        files={"dict.mat": "2cf35f24bc7270995db519f28a2ffdd310f9188e5efe7c7dc2f9f7107c3cdba7"},
        published_at=SOURCE,
    )

    def __init__(
        self,
        *,
        weights: str | None = None,
        iterations: int = 30,
        rule: Literal["average", "max"] = "average",
        device: str = "cpu",
    ) -> None:
        if iterations < 1:
            raise SettingsError(f"csr: iterations must be at least 1, got {iterations}.")
        loaded = load_weights(self.published, weights)
        if "D" not in loaded.tensors or loaded.tensors["D"].ndim != 3:
            raise WeightsError(f"the dictionary of csr must be one array D of (h, w, M), found {list(loaded.tensors)}.")
        settings = {"iterations": iterations, "rule": rule, "weights": loaded.sha256}
        super().__init__(device=device, settings=settings)
        self.iterations, self.rule = iterations, rule
        self.dictionary = loaded.tensors["D"].permute(2, 0, 1).contiguous().to(self.device, torch.float32)

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        sources = torch.cat((infrared, y))
        bases = lowpass(sources)
        # Circular convolution would join opposite edges; the border takes that.
        details = F.pad(sources - bases, (BORDER,) * 4, mode="replicate")
        codes = sparse_code(details, self.dictionary, sparsity=SPARSITY, iterations=self.iterations)
        activity = mean_filter(codes.abs().sum(dim=1, keepdim=True), ACTIVITY_RADIUS)
        infrared_wins = activity[0:1] >= activity[1:2]
        code = torch.where(infrared_wins, codes[0:1], codes[1:2])
        size = (int(code.shape[-2]), int(code.shape[-1]))
        spectrum = torch.fft.rfft2(self.dictionary, s=size)[None] * torch.fft.rfft2(code)
        detail = torch.fft.irfft2(spectrum.sum(dim=1, keepdim=True), s=size)
        inside = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))
        base = bases.mean(dim=0, keepdim=True)
        if self.rule == "max":
            base = torch.where(infrared_wins[inside], bases[0:1], bases[1:2])
        fused: Tensor = base + detail[inside]
        return fused
