"""The stored pixels of an image file, the right way up, with a fourth channel only where it is known what it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from datasets.headers import FORMATS, LYING, read_header
from datasets.levels import Pixels
from datasets.reading import Channels
from suite.errors import ImageError

# What cannot be decoded is told once, by ImageError, and not by OpenCV's own log beside it.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def read_stored(path: Path) -> Pixels:
    """The pixels as stored, the right way up: (H, W) or (H, W, 3) RGB or (H, W, 4) RGB and a fourth channel.

    Raises:
        ImageError: the file is missing, too large, or no image can be decoded from it.
    """
    _, orientation = read_header(path)
    try:
        encoded = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise ImageError(f"cannot open image {path}: {error.strerror}.") from error
    try:
        decoded = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED) if encoded.size else None
    except cv2.error:
        decoded = None
    if decoded is None:
        raise ImageError(
            f"{path} is not a readable image ({encoded.size} bytes). Expected {FORMATS}; "
            "copy the file again from its source."
        )
    pixels: Pixels = decoded
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 3 and pixels.shape[2] not in (3, 4):
        raise ImageError(f"{path} has {pixels.shape[2]} channels; expected 1, 3, or 4 (the fourth transparency).")
    if pixels.ndim == 3:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    # OpenCV turns TIFF files itself, and no others when it is asked for unchanged pixels.
    if encoded[:4].tobytes() not in (b"II*\0", b"MM\0*"):
        pixels = turn_upright(pixels, orientation)
    return np.ascontiguousarray(pixels)


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo the EXIF orientation (1 to 8) of pixels (H, W) or (H, W, C)."""
    if orientation in LYING:
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def leave_fourth_out(pixels: Pixels, channels: Channels, path: Path) -> Pixels:
    """Pixels (H, W) or (H, W, 3).

    Raises:
        ImageError: a fourth channel that is not constant, and nothing says what it is.
    """
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    fourth = pixels[..., 3]
    if channels == "separate" and fourth.min() != fourth.max():
        raise ImageError(
            f"{path} has a fourth channel that is not constant (values {fourth.min()} to {fourth.max()}). If it is the "
            "infrared image (RGB and thermal in one file, as MFNet ships them): --channels rgbt. If it is "
            "transparency: --channels drop-fourth."
        )
    return pixels[..., :3]


def split_rgbt(visible: Path, infrared: Path) -> tuple[Pixels, Pixels]:
    """Visible (H, W, 3) and infrared (H, W) of a file of four channels; `infrared` may name a file of its own.

    Raises:
        ImageError: the visible file has not four channels.
    """
    pixels = read_stored(visible)
    if pixels.ndim != 3 or pixels.shape[2] != 4:
        raise ImageError(
            f"{visible} has {1 if pixels.ndim == 2 else pixels.shape[2]} channels; --channels rgbt expects four: red, "
            "green, blue and thermal."
        )
    other = pixels if infrared == visible else read_stored(infrared)
    thermal = other[..., 3] if other.ndim == 3 and other.shape[2] == 4 else other
    return pixels[..., :3], thermal
