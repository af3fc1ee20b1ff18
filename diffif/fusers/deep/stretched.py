"""Networks whose published command stretches every result to its own minimum and maximum before it writes 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from torch import Tensor

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.output_range import stretch


class StretchedFuser(PretrainedFuser):
    """A network with published weights whose result is stretched, or left as the network gives it.

    Args:
        weights: The published file, or your own of the same network.
        output: "stretch" each image's range to [0, 1], as the published command does, or "clip" it.
        device: Where to compute.
        settings: What beside weights and output changes pixels.
    """

    stretches: ClassVar[Literal["luma", "colour"]] = "luma"
    """What the published command stretches."""

    def __init__(
        self,
        *,
        weights: str | None = None,
        output: Literal["stretch", "clip"] = "stretch",
        device: str = "cpu",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(weights=weights, device=device, settings={**(settings or {}), "output": output})
        self.output = output

    def _finish(self, fused: Tensor) -> Tensor:
        return stretch(fused) if self.output == "stretch" and self.stretches == "luma" else fused

    def _finish_colour(self, fused: Tensor) -> Tensor:
        wanted = self.output == "stretch" and self.stretches == "colour"
        return stretch(fused.clamp(0.0, 1.0)) if wanted else fused
