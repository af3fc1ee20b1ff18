"""FPDE: a fourth-order partial differential equation splits base from detail; details by principal component."""

from __future__ import annotations

import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.principal_component import principal_weights
from suite.errors import SettingsError


def fourth_order_diffusion(image: Tensor, *, iterations: int, step: float, kappa: float) -> Tensor:
    """Piecewise planar smoothing: the curvature flows where it is small.

    Args:
        image: (B, 1, H, W) in [0, 1]; sides at least 2.
        iterations: Time steps.
        step: Length of one.
        kappa: Curvature, in 8-bit grey levels, above which the flow stops.

    Source: You and Kaveh, Fourth-order partial differential equations for noise removal, IEEE TIP 9(10), 2000.
    """
    for _ in range(iterations):
        rows, columns = _second(image, -2), _second(image, -1)
        curvature = 255 * torch.sqrt(rows * rows + columns * columns)
        conductance = 1 / (1 + (curvature / kappa) ** 2)
        image = image - step * (_second(conductance * rows, -2) + _second(conductance * columns, -1))
    return image


def _second(image: Tensor, dim: int) -> Tensor:
    """Central differences, twice; one-sided at edges."""
    (first,) = torch.gradient(image, dim=dim)
    (second,) = torch.gradient(first, dim=dim)
    return second


class FPDE(Fuser):
    """Fourth-order partial differential equation fusion.

    Args:
        iterations: Time steps of the diffusion.
        step: Length of one.
        kappa: Curvature threshold in 8-bit grey levels.
        signed: The principal component's weights with their signs, as published; see `principal_weights`.
        device: Where to compute.

    Raises:
        SettingsError: a setting is not positive.
    """

    name = "fpde"
    label = "FPDE"
    kind = "classical"
    paper = (
        "Bavirisetti, Xiao and Liu, Multi-sensor image fusion based on fourth order partial differential equations, "
        "FUSION 2017"
    )
    min_size = 2
    tileable = False

    def __init__(
        self, *, iterations: int = 15, step: float = 0.9, kappa: float = 4.0, signed: bool = True, device: str = "cpu"
    ) -> None:
        if min(iterations, step, kappa) <= 0:
            raise SettingsError("fpde: iterations, step and kappa must be positive.")
        super().__init__(
            device=device, settings={"iterations": iterations, "step": step, "kappa": kappa, "signed": signed}
        )
        self.iterations, self.step, self.kappa, self.signed = iterations, step, kappa, signed

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        base_a, base_b = (
            fourth_order_diffusion(image, iterations=self.iterations, step=self.step, kappa=self.kappa).clamp(0, 1)
            for image in (infrared, y)
        )
        weight_a, weight_b = principal_weights(infrared - base_a, y - base_b, signed=self.signed)
        return (base_a + base_b) / 2 + weight_a * (infrared - base_a) + weight_b * (y - base_b)
