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
from suite.errors import ImageError
from suite.files import write_file

# BT.601 luma weights and the chroma scales that follow from them: Cb = (B - Y) / (2 (1 - 0.114)), Cr likewise.
LUMA_RED, LUMA_GREEN, LUMA_BLUE = 0.299, 0.587, 0.114
CB_SCALE = 0.5 / (1.0 - LUMA_BLUE)
CR_SCALE = 0.5 / (1.0 - LUMA_RED)

Mode = Literal["rgb", "grey"]


def read_array(path: Path) -> NDArray[np.uint8]:
    """The stored pixels: uint8, (H, W) for grey files, (H, W, 3) RGB for colour; alpha is dropped, 16 bit scaled to 8.

    Raises:
        ImageError: the file is missing, or no image can be decoded from it.
    """
    try:
        encoded = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise ImageError(f"cannot open image {path}: {error.strerror}.") from error
    pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if encoded.size else None
    if pixels is None:
        raise ImageError(
            f"{path} is not a readable image ({encoded.size} bytes). Expected PNG, JPEG, BMP or TIFF; "
            "copy the file again from its source, or leave the pair out with prepare --skip-invalid."
        )
    if pixels.dtype == np.uint16:
        pixels = np.round(pixels / 257.0)
    elif pixels.dtype != np.uint8:
        raise ImageError(f"{path} holds {pixels.dtype} pixels; expected 8 or 16 bit integers.")
    if pixels.ndim == 3:
        pixels = (
            cv2.cvtColor(pixels[..., :3].astype(np.uint8), cv2.COLOR_BGR2RGB) if pixels.shape[2] > 1 else pixels[..., 0]
        )
    return np.ascontiguousarray(pixels, dtype=np.uint8)


def read_size(path: Path) -> tuple[int, int]:
    """(H, W) of an image file, from its header only.

    Raises:
        ImageError: the file is missing or its header is not an image's.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            return image.height, image.width
    except (UnidentifiedImageError, ImportError) as error:
        # ultralytics 8.4 replaces Image.open by one that asks for a HEIF package when a file is no image.
        raise ImageError(f"{path} is not a readable image. Expected PNG, JPEG, BMP or TIFF.") from error
    except OSError as error:
        raise ImageError(f"cannot open image {path}: {error}.") from error


def to_tensor(pixels: NDArray[np.uint8], mode: Mode) -> Tensor:
    """uint8 (H, W) or (H, W, 3) RGB as float32 (1, 3, H, W) for "rgb" or (1, 1, H, W) luma for "grey", in [0, 1]."""
    tensor = torch.from_numpy(pixels).to(torch.float32).div_(255.0)
    tensor = tensor.unsqueeze(0) if tensor.ndim == 2 else tensor.permute(2, 0, 1)
    tensor = tensor.unsqueeze(0)
    if mode == "rgb":
        return tensor.expand(-1, 3, -1, -1).contiguous()
    return rgb_to_y(tensor) if tensor.shape[1] == 3 else tensor


def read_image(path: Path, mode: Mode) -> Tensor:
    """One image file as float32 in [0, 1]: (1, 3, H, W) for "rgb", (1, 1, H, W) for "grey" (colour becomes its Y)."""
    return to_tensor(read_array(path), mode)


def read_pair(visible: Path, infrared: Path) -> tuple[Tensor, Tensor]:
    """A registered pair: visible (1, 3, H, W) and infrared (1, 1, H, W), float32 in [0, 1].

    Raises:
        ImageError: a file is unreadable, or the two differ in size.
    """
    vi, ir = read_image(visible, "rgb"), read_image(infrared, "grey")
    if vi.shape[-2:] != ir.shape[-2:]:
        raise ImageError(
            f"{visible.name}: visible is {vi.shape[-2]}x{vi.shape[-1]} (HxW), infrared {infrared} is "
            f"{ir.shape[-2]}x{ir.shape[-1]}. Pairs must be registered and of one size. "
            "Fix the files, or leave them out: python -m datasets prepare NAME --skip-invalid"
        )
    return vi, ir


class ColourMaskError(ImageError):
    """A mask file holds colours where class ids are expected."""


def read_labels(path: Path) -> NDArray[np.uint8]:
    """A mask file as class ids, uint8 (H, W): grey levels, or the indices of a palette image.

    Raises:
        ColourMaskError: the file holds colours.
        ImageError: unreadable, or an id above 255.
    """
    from PIL import Image, UnidentifiedImageError

    # Not by OpenCV, which turns palette indices into colours, and not by `read_array`, which rescales 16 bit.
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB") if image.mode == "RGBA" else image)
    except (UnidentifiedImageError, ImportError) as error:
        # ultralytics 8.4 replaces Image.open by one that asks for a HEIF package when a file is no image.
        raise ImageError(f"mask {path} is not a readable image. Expected a PNG of class ids.") from error
    except (OSError, SyntaxError) as error:
        raise ImageError(f"cannot read mask {path}: {error}.") from error
    if pixels.ndim == 3:
        if not all(np.array_equal(pixels[..., 0], pixels[..., channel]) for channel in range(1, pixels.shape[2])):
            raise ColourMaskError(
                f"mask {path} is a colour image; expected one channel of class ids. It is probably the colour-coded "
                "copy of the labels: use the folder with the id masks."
            )
        pixels = pixels[..., 0]
    if pixels.min() < 0 or pixels.max() > 255:
        raise ImageError(f"mask {path} holds ids from {pixels.min()} to {pixels.max()}; expected 0 to 255.")
    return np.ascontiguousarray(pixels, dtype=np.uint8)


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
    done, encoded = cv2.imencode(path.suffix, stored)
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
