"""VIF: visual information of the sources that survives in the fused image (VIF-P summed, not VIFF)."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Plane, Triple
from diffif.metrics.pyramid import NUM_SCALES, TINY, local_covariance, local_variance
from diffif.metrics.rules import FidelityRules

NOISE_VARIANCE = 2.0
"""Of the visual system, in squared grey levels (Sheikh and Bovik's pixel-domain implementation)."""


def measure_vif(triple: Triple, rules: FidelityRules) -> Tensor:
    """(B,): pixel-domain VIF of the fused image against each source, summed."""
    kept = [pixel_vif(source, triple.fused, rules) for source in triple.sources]
    return kept[0] + kept[1]


def pixel_vif(reference: Plane, distorted: Plane, rules: FidelityRules) -> Tensor:
    """(B,), float64: VIF-P of one plane against another; nan where the reference has no variance."""
    kept = [_information_kept(reference, distorted, scale, rules) for scale in range(NUM_SCALES)]
    present = [reference.derive(information, scale, rules) for scale in range(NUM_SCALES)]
    return torch.stack(kept).sum(dim=0) / torch.stack(present).sum(dim=0)


def information(plane: Plane, scale: int, rules: FidelityRules) -> Tensor:
    """(B,), float64: information that the visual system finds in a plane at one scale."""
    variance = plane.derive(local_variance, scale, rules)
    return torch.log1p(variance / NOISE_VARIANCE).sum(dim=(-2, -1), dtype=torch.float64)


def _information_kept(reference: Plane, distorted: Plane, scale: int, rules: FidelityRules) -> Tensor:
    _, signal, residual = gain_and_residual(reference, distorted, scale, rules)
    return signal.div_(residual.add_(NOISE_VARIANCE)).log1p_().sum(dim=(-2, -1), dtype=torch.float64)


def gain_and_residual(
    reference: Plane, distorted: Plane, scale: int, rules: FidelityRules
) -> tuple[Tensor, Tensor, Tensor]:
    """Local gain of the channel from reference to distorted, variance that it carries, and variance it does not."""
    variance_r = reference.derive(local_variance, scale, rules)
    variance_d = distorted.derive(local_variance, scale, rules)
    covariance = local_covariance(reference, distorted, scale, rules)
    # A gain counts only where both have variance and vary together; elsewhere nothing is kept.
    neither = (variance_r == 0).logical_or_(variance_d == 0)
    gain = (covariance / (variance_r + TINY)).clamp_(min=0).masked_fill_(neither, 0)
    residual = torch.addcmul(variance_d, gain, covariance, value=-1).clamp_(min=TINY)
    return gain, gain.square().mul_(variance_r), residual


def vif(fused: Tensor, visible: Tensor, infrared: Tensor, *, convention: str = "standard") -> Tensor:
    """Visual information fidelity to both sources in the pixel domain, summed; higher is better.

    Args:
        fused: Y of the fused image, (B, 1, H, W), float in [0, 1], H and W at least 41.
        visible: Y of the visible source, same shape and range.
        infrared: The infrared source, same shape and range.
        convention: Which published definition to follow; see `conventions.py`.

    Returns:
        (B,), 0 or more; 2 where the fused image equals both sources. nan where a source is constant (0/0).

    Raises:
        ImageError: shapes differ, an image is too small for four scales, or a value lies outside [0, 1].

    Source: Sheikh and Bovik, IEEE Transactions on Image Processing 15(2), 2006 (pixel-domain version).
    """
    return evaluate_one("vif", fused, visible, infrared, convention=convention)
