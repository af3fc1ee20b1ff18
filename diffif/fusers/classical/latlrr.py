"""LatLRR: latent low-rank representation splits an image into a low-rank and a salient part; means and sums fuse them.

The decomposition takes the image as one matrix and needs a singular value decomposition of it in every step: seconds
to minutes per image. The multi-level variant with learned projections (MDLatLRR) is another method; the images that
the VIFB benchmark names LatLRR are of that one and differ from these by about 40 grey levels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from suite.errors import SettingsError

# The authors' weight of the sparse error, and the multiplier method's first and largest penalty.
ERROR_WEIGHT, FIRST_PENALTY, LARGEST_PENALTY = 0.8, 1e-6, 1e6
# A fortieth of an 8-bit grey level; the authors' 1e-6 changes nothing that a file could hold.
TOLERANCE = 1e-4


def latent_low_rank(image: Tensor, *, growth: float, iterations: int) -> tuple[Tensor, Tensor]:
    """Low-rank part X Z and salient part L X of a matrix X, both (H, W) like it.

    Solves min |Z|_* + |L|_* + ERROR_WEIGHT |E|_1 subject to X = X Z + L X + E.

    Args:
        image: (H, W), float64.
        growth: Factor by which the penalty grows per step; nearer to 1 is slower and more accurate.
        iterations: Upper bound on steps.

    Source: Liu and Yan, Latent low-rank representation for subspace segmentation and feature extraction, ICCV 2011.
    """
    height, width = image.shape
    eye_h, eye_w = (torch.eye(n, dtype=image.dtype, device=image.device) for n in (height, width))
    inverse_w = torch.linalg.inv(image.T @ image + eye_w)
    inverse_h = torch.linalg.inv(image @ image.T + eye_h)
    z, ell, e = torch.zeros_like(eye_w), torch.zeros_like(eye_h), torch.zeros_like(image)
    y1, y2, y3 = torch.zeros_like(image), torch.zeros_like(eye_w), torch.zeros_like(eye_h)
    mu = FIRST_PENALTY
    for _ in range(iterations):
        j = _shrink_rank(z + y2 / mu, 1 / mu)
        s = _shrink_rank(ell + y3 / mu, 1 / mu)
        z = inverse_w @ (image.T @ (image - ell @ image - e) + j + (image.T @ y1 - y2) / mu)
        ell = ((image - image @ z - e) @ image.T + s + (y1 @ image.T - y3) / mu) @ inverse_h
        residual = image - image @ z - ell @ image
        e = torch.nn.functional.softshrink(residual + y1 / mu, ERROR_WEIGHT / mu)
        gaps = residual - e, z - j, ell - s
        if max(gap.abs().max().item() for gap in gaps) < TOLERANCE:
            break
        y1, y2, y3 = y1 + mu * gaps[0], y2 + mu * gaps[1], y3 + mu * gaps[2]
        mu = min(mu * growth, LARGEST_PENALTY)
    return image @ z, ell @ image


def _shrink_rank(matrix: Tensor, threshold: float) -> Tensor:
    """Singular values reduced by `threshold`, none below zero."""
    # The Frobenius norm bounds every singular value: most early steps need no decomposition.
    if matrix.norm().item() <= threshold:
        return torch.zeros_like(matrix)
    # By the eigenvectors of the Gram matrix: several times faster than a singular value decomposition, and exact
    # enough, since the smallest threshold is 1e-6 and the matrices are of order 1.
    eigenvalues, vectors = torch.linalg.eigh(matrix.T @ matrix)
    values = eigenvalues.clamp_min(0).sqrt()
    kept = values > threshold
    vectors = vectors[:, kept]
    shrunk: Tensor = (matrix @ vectors) * ((values[kept] - threshold) / values[kept]) @ vectors.T
    return shrunk


class LatLRR(Fuser):
    """Latent low-rank representation fusion.

    Args:
        growth: Growth of the solver's penalty per step; the authors' 1.1 takes about seven times as long.
        iterations: Upper bound on the solver's steps.
        device: Where to compute.

    Raises:
        SettingsError: growth is not above 1, or iterations below 1.
    """

    name = "latlrr"
    label = "LatLRR"
    kind = "classical"
    paper = "Li and Wu, Infrared and visible image fusion using latent low-rank representation, arXiv 1804.08992, 2018"
    tileable = False
    batched = False

    def __init__(self, *, growth: float = 2.0, iterations: int = 300, device: str = "cpu") -> None:
        if growth <= 1 or iterations < 1:
            raise SettingsError(f"latlrr: growth must exceed 1 and iterations 0, got {growth} and {iterations}.")
        super().__init__(device=device, settings={"growth": growth, "iterations": iterations})
        self.growth, self.iterations = growth, iterations

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        parts = [
            latent_low_rank(image[0, 0].double(), growth=self.growth, iterations=self.iterations)
            for image in (infrared, y)
        ]
        low_rank = (parts[0][0] + parts[1][0]) / 2
        return (low_rank + parts[0][1] + parts[1][1])[None, None].to(y)
