"""What published commands do to a network's output before they write 8 bits."""

from __future__ import annotations

from torch import Tensor


def stretch(image: Tensor) -> Tensor:
    """Each image of (B, C, H, W) mapped so that its minimum becomes 0 and its maximum 1; a constant image is clipped.

    Channels share one range. Every image alone: a result must not depend on what else is in its batch.
    """
    low, high = image.amin(dim=(-3, -2, -1), keepdim=True), image.amax(dim=(-3, -2, -1), keepdim=True)
    span = high - low
    return (image - low).div(span.clamp_min(1e-12)).where(span > 1e-12, image.clamp(0.0, 1.0))
