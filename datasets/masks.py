"""Masks: files of class ids per pixel, read without ever taking an id for a grey level or a colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.decoding import turn_upright
from datasets.headers import read_header
from suite.errors import ImageError

VOID_ID = 255
"""Stands for no class in the masks of many tools; never learned and never scored."""
LOSSY_FORMATS = ("JPEG", "MPO")


class ColourMaskError(ImageError):
    """A mask file holds colours where class ids are expected."""


def read_labels(path: Path) -> NDArray[np.uint8]:
    """A mask file as class ids, uint8 (H, W): grey levels, or the indices of a palette image.

    Raises:
        ColourMaskError: the file holds colours.
        ImageError: unreadable, a JPEG (whose compression changes ids), or an id above 255.
    """
    from PIL import Image, UnidentifiedImageError

    # Not by OpenCV, which turns palette indices into colours, and not by `read_array`, which rescales 16 bit.
    size, orientation = read_header(path)
    try:
        with Image.open(path) as image:
            if image.format in LOSSY_FORMATS:
                raise ImageError(
                    f"mask {path} is a JPEG: its compression changes ids at every border, and no reading brings them "
                    "back. Use the lossless masks (PNG), or export them again."
                )
            pixels = np.asarray(image.convert("RGB") if image.mode == "RGBA" else image)
    except (UnidentifiedImageError, ImportError) as error:
        # ultralytics 8.4 replaces Image.open by one that asks for a HEIF package when a file is no image.
        raise ImageError(f"mask {path} is not a readable image. Expected a PNG of class ids.") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"cannot read mask {path}: {error}.") from error
    if pixels.shape[:2] != size or orientation in (2, 3, 4):
        pixels = turn_upright(pixels, orientation)
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
