"""GTF: an image with the infrared's intensities and the visible image's gradients.

The fused x minimises |x - infrared|_1 + lambda * TV(x - visible). With d = x - visible that is the TV-L1 problem for
infrared - visible, solved by the primal-dual method instead of the authors' reweighted least squares.
"""

from __future__ import annotations

from torch import Tensor

from diffif.fusers.base import Fuser
from suite.errors import SettingsError


def tv_l1(image: Tensor, weight: float, iterations: int) -> Tensor:
    """The d that minimises |d - image|_1 + weight * TV(d), isotropic total variation.

    Args:
        image: (B, 1, H, W).
        weight: Weight of the total variation.
        iterations: Primal-dual steps.

    Source: Chambolle and Pock, A first-order primal-dual algorithm, J. Math. Imaging and Vision 40, 2011, Algorithm 1.
    """
    # Step sizes with tau * sigma * |gradient|^2 = 1, where |gradient|^2 <= 8.
    tau = sigma = 8**-0.5
    d = image.clone()
    ahead = d
    dual = image.new_zeros((image.shape[0], 2, *image.shape[-2:]))
    for _ in range(iterations):
        dual = dual + sigma * _gradient(ahead)
        dual = dual / (dual.norm(dim=1, keepdim=True) / weight).clamp_min(1.0)
        difference = d + tau * _divergence(dual) - image
        new = image + difference.sign() * (difference.abs() - tau).clamp_min(0.0)
        ahead = 2 * new - d
        d = new
    return d


def _gradient(image: Tensor) -> Tensor:
    """Forward differences (B, 2, H, W); zero over the edge."""
    gradient = image.new_zeros((image.shape[0], 2, *image.shape[-2:]))
    gradient[:, 0:1, :-1] = image[..., 1:, :] - image[..., :-1, :]
    gradient[:, 1:2, :, :-1] = image[..., 1:] - image[..., :-1]
    return gradient


def _divergence(field: Tensor) -> Tensor:
    """Minus the adjoint of `_gradient`."""
    rows, columns = field[:, 0:1, :-1], field[:, 1:2, :, :-1]
    divergence = field.new_zeros((field.shape[0], 1, *field.shape[-2:]))
    divergence[..., :-1, :] += rows
    divergence[..., 1:, :] -= rows
    divergence[..., :-1] += columns
    divergence[..., 1:] -= columns
    return divergence


class GTF(Fuser):
    """Gradient transfer fusion.

    Args:
        weight: Lambda of the paper.
        iterations: Steps of the solver.
        device: Where to compute.

    Raises:
        SettingsError: a setting is not positive.
    """

    name = "gtf"
    label = "GTF"
    kind = "classical"
    paper = (
        "Ma et al., Infrared and visible image fusion via gradient transfer and total variation minimization, "
        "Information Fusion 31, 2016"
    )
    tileable = False

    def __init__(self, *, weight: float = 4.0, iterations: int = 100, device: str = "cpu") -> None:
        if weight <= 0 or iterations <= 0:
            raise SettingsError("gtf: weight and iterations must be positive.")
        super().__init__(device=device, settings={"weight": weight, "iterations": iterations})
        self.weight, self.iterations = weight, iterations

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        return y + tv_l1(infrared - y, self.weight, self.iterations)
