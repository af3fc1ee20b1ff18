"""The five loss terms of Diff-IF on images in [-1, 1]; which images they compare is decided in `diffusion.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from suite.errors import SettingsError

SSIM_WINDOW = 64
"""Side of the published window; its peak is at index 32, so it is not symmetric."""
SSIM_SIGMA = 1.5
SSIM_K1, SSIM_K2 = 0.01, 0.03
SSIM_TAP_RADIUS = 12
"""Taps further from the peak weigh less than 1e-14 of it, far below float32: they are left out, the size of the
result stays that of the full window."""
GAUSSIAN_WINDOW = 11
"""Side of the window of Wang et al.; sigma is the same."""
SSIMForm = Literal["published", "gaussian-11"]
SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """Weights of the five terms and how they are drawn; the defaults are the published ones."""

    eps: float = 8.0
    """Weight of the L1 error of the predicted noise."""
    x0: float = 2.0
    """Weight of the L1 distance between the refined image and the target."""
    intensity: float = 4.0
    """Weight of the L1 distance between the refined image and the brighter source at each pixel."""
    gradient: float = 5.0
    """Weight of the distance between the refined image's gradient and the stronger of the sources' gradients."""
    ssim: float = 1.0
    """Weight of 1 - SSIM to both sources."""
    ssim_form: SSIMForm = "published"
    """How SSIM is computed. "published": on images in [-1, 1], by a window of 64 pixels without padding, so that it
    sees a quarter of a crop of 128 and one single position of a crop of 64, and with a dynamic range guessed from the
    refined image. "gaussian-11": as Wang et al. define it, on images in [0, 1], range 1, by a window of 11 pixels."""
    step_per_sample: bool = False
    """Draw one diffusion step per image instead of one per batch (published): a less noisy gradient."""

    def __post_init__(self) -> None:
        """Refuse negative weights.

        Raises:
            SettingsError: a weight below 0, or no weight at all.
        """
        weights = (self.eps, self.x0, self.intensity, self.gradient, self.ssim)
        if min(weights) < 0 or max(weights) == 0:
            raise SettingsError(f"loss weights must not be negative and not all 0, got {weights}")


def intensity_loss(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Mean absolute distance to the brighter source at each pixel; all (B, 1, H, W). A scalar."""
    return F.l1_loss(fused, torch.maximum(visible, infrared))


def gradient_loss(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Mean absolute difference between gradients: of the fused image, and the stronger of both sources, per direction.

    Horizontal and vertical responses are summed before the difference is taken, as published.

    Args:
        fused: (B, 1, H, W).
        visible: Same shape.
        infrared: Same shape.

    Returns:
        A scalar.
    """
    wanted = torch.maximum(sobel(visible), sobel(infrared)).sum(dim=1)
    return F.l1_loss(sobel(fused).sum(dim=1), wanted)


def ssim_loss(image: Tensor, reference: Tensor, *, form: SSIMForm = "published") -> Tensor:
    """1 - mean SSIM over every full Gaussian window (sigma 1.5), no padding.

    Args:
        image: (B, 1, H, W) in [-1, 1]; decides the dynamic range if `form` is "published". Where a side is smaller
            than the window, the window shrinks to it.
        reference: Same shape.
        form: See `LossSettings.ssim_form`.

    Returns:
        A scalar in [0, 2].
    Source: Wang et al., Image Quality Assessment, 2004; window and range of "published" as in the published code.
    """
    if form == "gaussian-11":
        image, reference = (image + 1) / 2, (reference + 1) / 2
        window, span = GAUSSIAN_WINDOW, image.new_tensor(1.0)
    else:
        window, span = SSIM_WINDOW, _published_range(image)
    c1, c2 = (SSIM_K1 * span) ** 2, (SSIM_K2 * span) ** 2
    maps = torch.cat([image, reference, image * image, reference * reference, image * reference], dim=1)
    mean_a, mean_b, square_a, square_b, product = _window_mean(maps, window).split(1, dim=1)
    both, squares = mean_a * mean_b, mean_a * mean_a + mean_b * mean_b
    covariance, variances = product - both, square_a + square_b - squares
    ssim = (2 * both + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2))
    loss: Tensor = 1 - ssim.mean()
    return loss


def _published_range(image: Tensor) -> Tensor:
    low = torch.where(image.min() < -0.5, -1.0, 0.0)
    high = torch.where(image.max() > 128, 255.0, 1.0)
    span: Tensor = high - low
    return span


def _window_mean(maps: Tensor, window: int) -> Tensor:
    """Gaussian mean of each channel over every full window, (B, C, H - window + 1, W - window + 1)."""
    _, channels, height, width = maps.shape
    size = min(window, height, width)
    peak = size // 2
    first, last = max(0, peak - SSIM_TAP_RADIUS), min(size - 1, peak + SSIM_TAP_RADIUS)
    offsets = torch.arange(first, last + 1, dtype=maps.dtype, device=maps.device) - peak
    taps = torch.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    taps = taps / taps.sum()
    cut = maps[..., first : height - (size - 1 - last), first : width - (size - 1 - last)]
    rows = F.conv2d(cut, taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(rows, taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)


def sobel(image: Tensor) -> Tensor:
    """Absolute Sobel responses along x and y, (B, 2, H, W), of (B, 1, H, W); the border pixel is repeated outwards."""
    kernel = torch.tensor(SOBEL, dtype=image.dtype, device=image.device)
    kernels = torch.stack([kernel, kernel.t()]).unsqueeze(1)
    return F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), kernels).abs()
