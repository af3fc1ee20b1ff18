"""What a metric accepts: the one check behind every public function and class of this package."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from suite.errors import ImageError

LARGEST_LUMA_EXCESS = 1e-6
NUM_CHANNELS = (1, 3)


def check_images(fused: Tensor, visible: Tensor, infrared: Tensor) -> None:
    """Refuse what no metric can score.

    Args:
        fused: (B, C, H, W), float in [0, 1], C 1 or 3.
        visible: (B or 1, C or 1, H, W), likewise.
        infrared: (B or 1, C or 1, H, W), likewise.

    Raises:
        ImageError: not a float BCHW tensor of 1 or 3 channels, sizes differ, or a value lies outside [0, 1].
    """
    named = {"fused": fused, "visible": visible, "infrared": infrared}
    for name, image in named.items():
        _check_one(name, image)
    sizes = {name: tuple(image.shape[-2:]) for name, image in named.items()}
    if len(set(sizes.values())) > 1:
        raise ImageError(f"metrics need three images of one size (HxW), got {_listed(sizes)}. Resize before fusing.")
    for name, image in (("visible", visible), ("infrared", infrared)):
        if image.shape[0] not in (1, fused.shape[0]):
            raise ImageError(f"{name} holds {image.shape[0]} images, fused {fused.shape[0]}: one each, or 1 for all.")
    if len({image.device for image in named.values()}) > 1:
        raise ImageError(f"the images lie on different devices: {_listed({n: t.device for n, t in named.items()})}.")


def _check_one(name: str, image: Tensor) -> None:
    if not isinstance(image, Tensor):
        raise ImageError(
            f"{name} is a {type(image).__name__}; expected a tensor (B, C, H, W), float in [0, 1]. "
            "diffif.evaluate takes files, arrays and PIL images too."
        )
    if image.ndim != 4:
        remedy = {2: " Write image[None, None]", 3: " Write image[None]"}.get(image.ndim, "")
        raise ImageError(f"{name} has shape {tuple(image.shape)}; expected (B, C, H, W).{remedy}")
    if not image.dtype.is_floating_point:
        raise ImageError(
            f"{name} is {image.dtype}; expected float in [0, 1]. For 8-bit images write image.float() / 255"
        )
    if image.shape[1] not in NUM_CHANNELS:
        remedy = " To drop the alpha channel write image[:, :3]" if image.shape[1] == 4 else ""
        raise ImageError(f"{name} has {image.shape[1]} channels; expected 1 (grey) or 3 (RGB).{remedy}")
    if image.numel() == 0:
        raise ImageError(f"{name} is empty: shape {tuple(image.shape)}.")
    low, high = (value.item() for value in torch.aminmax(image.detach()))
    # Colour conversion of full-range white lands a rounding error above 1.
    if not (low >= -LARGEST_LUMA_EXCESS and high <= 1 + LARGEST_LUMA_EXCESS):
        raise ImageError(f"{name} holds values from {low:g} to {high:g}; expected finite values in [0, 1].")


def _listed(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {fact}" for name, fact in facts.items())
