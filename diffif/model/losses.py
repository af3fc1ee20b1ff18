"""The loss terms of Diff-IF on images in [-1, 1]: the five published ones, and those that recipes of ours add.

The published terms ask for the maximum of the sources, whatever the prior (docs/method.md, "What the prior does"). The
added ones ask for what the search maximises, and for what the eye misses in a maximum; their published weight is 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.model.goal_loss import MAX_LEVEL, GoalWeights, goal_terms
from diffif.model.texture_loss import heat_loss, noise_loss, texture_loss
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
EDGE_FLOOR = 8 / 127.5
"""Mean edge, both directions together, below which a crop counts for less: 8 grey levels of Sobel's sums."""
SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """Weights of the terms and how they are drawn; the defaults are the published ones."""

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
    goal: GoalWeights = field(default_factory=GoalWeights)
    """Weights of the search's metrics, computed on the crop: large crops, and not `goal.vif` alone."""
    edges: float = 0.0
    """Weight of the distance to the signed edges of the source that has the stronger ones at each pixel."""
    texture: float = 0.0
    """Weight of the visible detail lost where infrared is bright."""
    heat: float = 0.0
    """Weight of the brightness that hot objects lose."""
    noise: float = 0.0
    """Weight of detail added to dark flat surfaces."""
    step_per_sample: bool = False
    """Draw one diffusion step per image instead of one per batch (published): a less noisy gradient."""

    def __post_init__(self) -> None:
        """Refuse negative weights.

        Raises:
            SettingsError: a weight below 0, or no weight at all.
        """
        weights = (
            self.eps,
            self.x0,
            self.intensity,
            self.gradient,
            self.ssim,
            self.edges,
            self.texture,
            self.heat,
            self.noise,
        )
        if min(weights) < 0 or (max(weights) == 0 and not self.goal.needed):
            raise SettingsError(f"loss weights must not be negative and not all 0, got {weights}")


def image_terms(
    refined: Tensor, visible: Tensor, infrared: Tensor, target: Tensor, *, settings: LossSettings
) -> dict[str, Tensor]:
    """The weighted terms that look at the fused image.

    Args:
        refined: The fused image before any clamp, (B, 1, H, W), float32.
        visible: (B, 1, H, W) in [-1, 1].
        infrared: Likewise.
        target: The prior, likewise.
        settings: Weights. Of the terms that are not published, those of weight 0 are not computed.

    Returns:
        Scalars `x0`, `intensity`, `gradient`, `ssim`; and `goal_ssim` ..., `texture`, `noise` where asked for.
    """
    fused = refined.clamp(-1, 1)
    form = settings.ssim_form
    terms = {
        "x0": settings.x0 * F.l1_loss(fused, target),
        "intensity": settings.intensity * intensity_loss(fused, visible, infrared),
        "gradient": settings.gradient * gradient_loss(fused, visible, infrared),
        "ssim": settings.ssim * (ssim_loss(fused, visible, form=form) + ssim_loss(fused, infrared, form=form)),
    }
    if settings.goal.needed:
        # Beyond black and white a metric has no gradient through the clamp: here the image is taken as it is, and what
        # lies outside costs its distance.
        metrics = goal_terms(refined, visible, infrared)
        weights = {name: getattr(settings.goal, name) for name in metrics}
        terms |= {f"goal_{name}": -weights[name] * metrics[name] for name in metrics if weights[name]}
        terms["outside"] = MAX_LEVEL / 2 * (refined - fused).abs().mean()
    if settings.edges:
        terms["edges"] = settings.edges * edge_loss(refined, visible, infrared)
    if settings.texture:
        terms["texture"] = settings.texture * texture_loss(fused, visible, infrared)
    if settings.heat:
        terms["heat"] = settings.heat * heat_loss(fused, visible, infrared)
    if settings.noise:
        terms["noise"] = settings.noise * noise_loss(fused, visible, infrared)
    return terms


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


def edge_loss(fused: Tensor, visible: Tensor, infrared: Tensor) -> Tensor:
    """Distance between the fused image's edges and, at each pixel, those of the source where they are stronger.

    Unlike `gradient_loss` it keeps sign and direction. Relative to the edges that are there, with a floor of
    `EDGE_FLOOR`, so that a flat crop does not weigh as much as a textured one.

    Args:
        fused: (B, 1, H, W) in [-1, 1].
        visible: Same shape.
        infrared: Same shape.

    Returns:
        A scalar; 0 if every edge is the stronger source's, about 1 if there is none.
    """
    edges_f, edges_v, edges_i = (signed_sobel(image) for image in (fused, visible, infrared))
    stronger = edges_v.square().sum(dim=1, keepdim=True) >= edges_i.square().sum(dim=1, keepdim=True)
    wanted = torch.where(stronger, edges_v, edges_i)
    return (edges_f - wanted).abs().sum() / (wanted.abs().sum() + EDGE_FLOOR * visible.numel())


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
    return signed_sobel(image).abs()


def signed_sobel(image: Tensor) -> Tensor:
    """Sobel responses along x and y with their sign, otherwise as `sobel`."""
    kernel = torch.tensor(SOBEL, dtype=image.dtype, device=image.device)
    kernels = torch.stack([kernel, kernel.t()]).unsqueeze(1)
    return F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), kernels)
