"""ADF: anisotropic diffusion splits base from detail; details are weighted by their principal component."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.classical.principal_component import principal_weights
from suite.errors import SettingsError

# The eight neighbours as (row, column) and the inverse square of their distance.
NEIGHBOURS = tuple(
    (row, column, 1 / (row * row + column * column))
    for row in (-1, 0, 1)
    for column in (-1, 0, 1)
    if (row, column) != (0, 0)
)


def anisotropic_diffusion(image: Tensor, *, iterations: int, step: float, kappa: float) -> Tensor:
    """Perona and Malik's diffusion with the exponential conductance over eight neighbours.

    Args:
        image: (B, 1, H, W).
        iterations: Time steps.
        step: Length of one, at most 1/7 for eight neighbours by the usual stability argument.
        kappa: The difference, in the image's unit, above which an edge stops the flow.

    Source: Perona and Malik, Scale-space and edge detection using anisotropic diffusion, IEEE TPAMI 12(7), 1990.
    """
    height, width = image.shape[-2:]
    for _ in range(iterations):
        # Nothing flows over the image's edge.
        around = F.pad(image, (1, 1, 1, 1), mode="replicate")
        flow = torch.zeros_like(image)
        for row, column, weight in NEIGHBOURS:
            difference = around[..., 1 + row : 1 + row + height, 1 + column : 1 + column + width] - image
            flow += weight * torch.exp(-((difference / kappa) ** 2)) * difference
        image = image + step * flow
    return image


class ADF(Fuser):
    """Anisotropic diffusion fusion.

    Args:
        iterations: Time steps of the diffusion.
        step: Length of one.
        kappa: Edge threshold in 8-bit grey levels.
        signed: The principal component's weights with their signs, as published; see `principal_weights`.
        device: Where to compute.

    Raises:
        SettingsError: a setting is not positive.
    """

    name = "adf"
    label = "ADF"
    kind = "classical"
    paper = (
        "Bavirisetti and Dhuli, Fusion of infrared and visible sensor images based on anisotropic diffusion and "
        "Karhunen-Loeve transform, IEEE Sensors Journal 16(1), 2016"
    )
    tileable = False

    def __init__(
        self, *, iterations: int = 10, step: float = 0.15, kappa: float = 30.0, signed: bool = True, device: str = "cpu"
    ) -> None:
        if min(iterations, step, kappa) <= 0 or not math.isfinite(kappa):
            raise SettingsError("adf: iterations, step and kappa must be positive.")
        super().__init__(
            device=device, settings={"iterations": iterations, "step": step, "kappa": kappa, "signed": signed}
        )
        self.iterations, self.step, self.kappa, self.signed = iterations, step, kappa, signed

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        base_a, base_b = (
            anisotropic_diffusion(image, iterations=self.iterations, step=self.step, kappa=self.kappa / 255)
            for image in (infrared, y)
        )
        weight_a, weight_b = principal_weights(infrared - base_a, y - base_b, signed=self.signed)
        return (base_a + base_b) / 2 + weight_a * (infrared - base_a) + weight_b * (y - base_b)
