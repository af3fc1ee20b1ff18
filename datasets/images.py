"""The only place that reads and writes images, converts RGB <-> Y/Cb/Cr, and rounds to 8 bit.

Inside the suite an image is a tensor `float32, [0, 1], BCHW`: visible has 3 channels (RGB), infrared has 1.
Colour conversion is BT.601 full range (ITU-R BT.601-7, as in JPEG/JFIF), which the fusion literature uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datasets.base import IMAGE_SUFFIXES as IMAGE_SUFFIXES
from datasets.base import Sample
from datasets.corruptions.operations import corrupt
from datasets.decoding import leave_fourth_out, read_stored, split_rgbt
from datasets.headers import read_size as read_size
from datasets.levels import scale_levels
from datasets.reading import AS_STORED, SAME_SIZE, STORED, Channels, Reading
from datasets.resizing import common_size, explain_sizes, resize_levels
from suite.errors import ImageError
from suite.files import write_file

# BT.601 luma weights and the chroma scales that follow from them: Cb = (B - Y) / (2 (1 - 0.114)), Cr likewise.
LUMA_RED, LUMA_GREEN, LUMA_BLUE = 0.299, 0.587, 0.114
CB_SCALE = 0.5 / (1.0 - LUMA_BLUE)
CR_SCALE = 0.5 / (1.0 - LUMA_RED)
# 101 asks OpenCV's WebP writer for lossless.
WRITE_OPTIONS = {".webp": (cv2.IMWRITE_WEBP_QUALITY, 101)}

Mode = Literal["rgb", "grey"]


def read_levels(
    path: Path, *, rule: str = STORED, option: str = "--infrared-range", channels: Channels = "separate"
) -> NDArray[np.float32]:
    """Levels in [0, 1]: float32, (H, W) for grey files, (H, W, 3) RGB for colour.

    Args:
        path: The file.
        rule: Range of levels that becomes [0, 1]; see `Reading`.
        option: The option that states the rule, for messages.
        channels: What a fourth channel is; "rgbt" is split by `read_pair`, here it is left out.

    Raises:
        ImageError: unreadable, a fourth channel that is not constant, or levels that need a range.
    """
    return scale_levels(leave_fourth_out(read_stored(path), channels, path), rule, path, option)


def read_array(path: Path) -> NDArray[np.uint8]:
    """8-bit pixels, upright: uint8, (H, W) for grey files, (H, W, 3) RGB for colour; 16 bit is scaled to 8.

    Raises:
        ImageError: the file is missing, no image can be decoded from it, its fourth channel is not constant, or it
            needs a range of levels.
    """
    pixels = leave_fourth_out(read_stored(path), "separate", path)
    if pixels.dtype == np.uint8:
        return pixels
    return np.round(scale_levels(pixels, STORED, path, "--infrared-range") * np.float32(255)).astype(np.uint8)


def to_tensor(pixels: NDArray[np.uint8] | NDArray[np.float32], mode: Mode) -> Tensor:
    """(H, W) or (H, W, 3) RGB, uint8 or float in [0, 1], as float32 (1, 3, H, W) for "rgb", (1, 1, H, W) for "grey"."""
    tensor = torch.from_numpy(pixels)
    tensor = tensor if tensor.is_floating_point() else tensor.to(torch.float32).div_(255.0)
    tensor = tensor.unsqueeze(0) if tensor.ndim == 2 else tensor.permute(2, 0, 1)
    tensor = tensor.unsqueeze(0)
    if mode == "rgb":
        return tensor.expand(-1, 3, -1, -1).contiguous()
    return rgb_to_y(tensor) if tensor.shape[1] == 3 else tensor


def read_image(path: Path, mode: Mode) -> Tensor:
    """One image file as float32 in [0, 1]: (1, 3, H, W) for "rgb", (1, 1, H, W) for "grey" (colour becomes its Y)."""
    return to_tensor(read_levels(path), mode)


def read_sample(sample: Sample) -> tuple[Tensor, Tensor]:
    """The pair of a sample as its dataset says that it is read, under its condition; see `read_pair`."""
    if sample.condition is None:
        return read_pair(sample.visible, sample.infrared, sample.reading)
    vi, ir = _registered_levels(sample.visible, sample.infrared, sample.reading)
    vi = corrupt(vi, "visible", sample.id, sample.condition, sample.group)
    # A thermal image that is stored in colour is one channel, whose noise does not average out over three.
    ir = np.ascontiguousarray(to_tensor(ir, "grey")[0, 0].numpy())
    return to_tensor(vi, "rgb"), to_tensor(corrupt(ir, "infrared", sample.id, sample.condition, sample.group), "grey")


def read_pair(visible: Path, infrared: Path, reading: Reading = AS_STORED) -> tuple[Tensor, Tensor]:
    """A registered pair: visible (1, 3, H, W) and infrared (1, 1, H, W), float32 in [0, 1].

    Raises:
        ImageError: a file is unreadable or needs a range of levels, or the two differ in size and no size is stated.
    """
    vi, ir = _registered_levels(visible, infrared, reading)
    return to_tensor(vi, "rgb"), to_tensor(ir, "grey")


def _registered_levels(
    visible: Path, infrared: Path, reading: Reading
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`read_pair_levels`, of one size."""
    vi, ir = read_pair_levels(visible, infrared, reading)
    if vi.shape[:2] != ir.shape[:2]:
        raise ImageError(f"{visible.name}: {explain_sizes(vi.shape[:2], infrared, ir.shape[:2])}")
    return vi, ir


def read_pair_levels(
    visible: Path, infrared: Path, reading: Reading
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Levels of both files in [0, 1], resized where a size is stated; (H, W) or (H, W, 3), perhaps of two sizes.

    Raises:
        ImageError: a file is unreadable or needs a range of levels.
    """
    if reading.channels == "rgbt":
        colour, thermal = split_rgbt(visible, infrared)
        vi = scale_levels(colour, reading.visible_range, visible, "--visible-range")
        ir = scale_levels(thermal, reading.infrared_range, infrared, "--infrared-range")
    else:
        vi = read_levels(visible, rule=reading.visible_range, option="--visible-range", channels=reading.channels)
        ir = read_levels(infrared, rule=reading.infrared_range, channels=reading.channels)
    size = common_size(vi.shape[:2], ir.shape[:2], reading.resize)
    return (vi, ir) if size is None else (resize_levels(vi, size), resize_levels(ir, size))


def pair_size(sample: Sample) -> tuple[int, int]:
    """(H, W) of a sample's images once they are read, from the headers.

    Raises:
        ImageError: a header cannot be read.
    """
    size = read_size(sample.visible)
    if sample.reading.resize == SAME_SIZE:
        return size
    return common_size(size, read_size(sample.infrared), sample.reading.resize) or size


def to_uint8(image: Tensor) -> NDArray[np.uint8]:
    """Round one image, (1, C, H, W) or (C, H, W) in [0, 1], to uint8 (H, W, 3) or (H, W); halves round to even.

    Values outside [0, 1] are clipped.
    """
    single = image.detach().squeeze(0) if image.ndim == 4 else image.detach()
    rounded = single.clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8).cpu()
    return rounded[0].numpy() if rounded.shape[0] == 1 else rounded.permute(1, 2, 0).contiguous().numpy()


def write_image(path: Path, image: Tensor | NDArray[np.uint8]) -> None:
    """Write one image atomically; the suffix chooses the format (PNG is lossless).

    Args:
        path: Target file.
        image: (1, C, H, W) or (C, H, W) float in [0, 1], or uint8 (H, W) / (H, W, 3) RGB.

    Raises:
        ImageError: the format is unknown.
    """
    pixels = to_uint8(image) if isinstance(image, Tensor) else image
    stored = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise ImageError(f"cannot write {path}: unknown image suffix {path.suffix!r}. Use .png.")
    done, encoded = cv2.imencode(path.suffix, stored, WRITE_OPTIONS.get(path.suffix.lower(), ()))
    if not done:
        raise ImageError(f"cannot encode {path} as {path.suffix}.")
    with write_file(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def rgb_to_y(rgb: Tensor) -> Tensor:
    """Luma (B, 1, H, W) of RGB (B, 3, H, W), both in [0, 1]."""
    return LUMA_RED * rgb[:, 0:1] + LUMA_GREEN * rgb[:, 1:2] + LUMA_BLUE * rgb[:, 2:3]


def rgb_to_ycbcr(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Y, Cb, Cr, each (B, 1, H, W), of RGB (B, 3, H, W) in [0, 1]; chroma is centred at 0.5."""
    y = rgb_to_y(rgb)
    cb = (rgb[:, 2:3] - y) * CB_SCALE + 0.5
    cr = (rgb[:, 0:1] - y) * CR_SCALE + 0.5
    return y, cb, cr


def ycbcr_to_rgb(y: Tensor, cb: Tensor, cr: Tensor) -> Tensor:
    """RGB (B, 3, H, W) of Y, Cb, Cr (B, 1, H, W); not clipped, so that it inverts `rgb_to_ycbcr` exactly."""
    red = y + (cr - 0.5) / CR_SCALE
    blue = y + (cb - 0.5) / CB_SCALE
    green = (y - LUMA_RED * red - LUMA_BLUE * blue) / LUMA_GREEN
    return torch.cat((red, green, blue), dim=1)
