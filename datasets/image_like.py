"""Images as people hold them in Python (paths, numpy arrays, PIL images, tensors) as the suite's tensors.

Only the functions meant for notebooks and scripts accept all of these; inside the suite an image is a tensor.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datasets.images import Mode, read_image, rgb_to_y, to_tensor
from suite.errors import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image

ImageLike: TypeAlias = Union[str, PathLike[str], NDArray[Any], Tensor, "Image"]
"""A file; an array (H, W) or (H, W, 3) in RGB order, uint8 or float in [0, 1]; a PIL image; a tensor (H, W), (C, H, W)
or (B, C, H, W), uint8 or float in [0, 1]."""

EXPECTED = (
    "a path, a numpy array (H, W) or (H, W, 3) in RGB order, a PIL image, or a tensor (H, W), (C, H, W) or "
    "(B, C, H, W); pixels are uint8, or float in [0, 1]"
)


def as_image(image: ImageLike, mode: Mode, *, name: str = "image") -> Tensor:
    """An image in any accepted form as float32 in [0, 1]: (B, 3, H, W) for "rgb", (B, 1, H, W) luma for "grey".

    Args:
        image: See `ImageLike`.
        mode: "rgb" or "grey".
        name: Which image it is, for errors.

    Raises:
        ImageError: it is of another kind, shape, type or range; says which.
    """
    if isinstance(image, str | PathLike):
        return read_image(Path(image), mode)
    if isinstance(image, Tensor):
        return _in_mode(_unit_range(_four_axes(image, name), name), mode)
    if isinstance(image, np.ndarray):
        return _from_array(image, mode, name)
    if hasattr(image, "convert") and hasattr(image, "getbands"):  # a PIL image, without importing PIL to find out
        grey = image.getbands() in (("L",), ("1",))
        return to_tensor(np.array(image.convert("L" if grey else "RGB")), mode)
    raise ImageError(f"{name} is of type {type(image).__name__}; expected {EXPECTED}.")


def _from_array(image: NDArray[Any], mode: Mode, name: str) -> Tensor:
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3)):
        raise ImageError(f"{name} is an array of shape {image.shape}; expected {EXPECTED}.")
    channels_first = image[None] if image.ndim == 2 else np.moveaxis(image, 2, 0)
    if image.dtype not in (np.uint8, np.float32, np.float64):
        raise ImageError(f"{name} holds {image.dtype} pixels; expected {EXPECTED}.")
    return _in_mode(_unit_range(torch.from_numpy(np.ascontiguousarray(channels_first))[None], name), mode)


def _four_axes(image: Tensor, name: str) -> Tensor:
    full = image.reshape((1,) * (4 - image.ndim) + image.shape) if 2 <= image.ndim <= 4 else image
    if full.ndim != 4 or full.shape[1] not in (1, 3):
        raise ImageError(f"{name} is a tensor of shape {tuple(image.shape)}; expected {EXPECTED}.")
    return full


def _unit_range(image: Tensor, name: str) -> Tensor:
    if image.dtype == torch.uint8:
        return image.to(torch.float32) / 255.0
    if not image.is_floating_point():
        raise ImageError(f"{name} holds {image.dtype} pixels; expected {EXPECTED}.")
    low, high = float(image.min()), float(image.max())
    if not (low >= 0.0 and high <= 1.0):
        raise ImageError(f"{name} has values from {low:g} to {high:g}; expected {EXPECTED}.")
    return image.to(torch.float32)


def _in_mode(image: Tensor, mode: Mode) -> Tensor:
    if mode == "rgb":
        return image.expand(-1, 3, -1, -1).contiguous()
    return rgb_to_y(image) if image.shape[1] == 3 else image
