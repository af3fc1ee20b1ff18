"""A source plus noise: the negative control.

Noise raises entropy, spatial frequency, average gradient and standard deviation without telling the reader of the
image anything. A metric that ranks this fuser high should not be trusted alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from suite.errors import SettingsError


class Noise(Fuser):
    """One source plus white Gaussian noise on its luma.

    The noise depends on the seed and the image's size alone, so that fusing again gives the same pixels.

    Args:
        source: The image that receives the noise.
        sigma: Standard deviation of the noise; images lie in [0, 1].
        seed: Seed of the noise.
        device: Where to compute.

    Raises:
        SettingsError: sigma is negative.
    """

    name = "noise"
    label = "Noise"
    kind = "control"
    tileable = False

    def __init__(
        self,
        *,
        source: Literal["visible", "infrared"] = "visible",
        sigma: float = 0.1,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(device=device, settings={"source": source, "sigma": sigma, "seed": seed})
        if sigma < 0:
            raise SettingsError(f"noise: sigma must not be negative, got {sigma}.")
        self.source, self.sigma, self.seed = source, sigma, seed

    def _fuse(self, visible: Tensor, infrared: Tensor, ids: Sequence[str] | None) -> Tensor:
        base = visible if self.source == "visible" else infrared.expand(-1, 3, -1, -1)
        generator = torch.Generator().manual_seed(self.seed)
        noise = torch.randn((1, 1, *base.shape[-2:]), generator=generator).to(base)
        return base + self.sigma * noise
