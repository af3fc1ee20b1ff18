"""Image files before their pixels: is it a file at all, how large is it, which way up is it.

Nothing is decoded here, so that a pipe, a folder called x.png or an image that would unpack to gigabytes is refused
before it can do harm.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from datasets.tiff_tags import HEIGHT, ORIENTATION, WIDTH, read_tags
from suite.errors import ImageError, SettingsError
from suite.files import describe_irregular

LARGEST_IMAGE = 100_000_000
"""Pixels that an image may have; a 10,000 x 10,000 mosaic passes, a file that unpacks to gigabytes does not."""
LARGEST_IMAGE_VARIABLE = "DIFFIF_MAX_PIXELS"
BYTES_PER_PIXEL = 16
"""Four channels of float32, the most that a pixel takes in a file."""
HEADER_ROOM = 64 * 2**20
"""Bytes beside the pixels: metadata, profiles, previews."""
LYING = (5, 6, 7, 8)
"""EXIF orientations of an image that lies on a side; 1 is upright, 2 to 4 are mirrored or upside down."""
FORMATS = "PNG, JPEG, BMP, TIFF or WebP"


def read_size(path: Path) -> tuple[int, int]:
    """(H, W) of an image file as it is to be seen, from its header only.

    Raises:
        ImageError: the file is missing, is no regular file, its header is not an image's, or it states more pixels than
            `DIFFIF_MAX_PIXELS` allows.
    """
    return read_header(path)[0]


def read_header(path: Path) -> tuple[tuple[int, int], int]:
    """(H, W) of the upright image, and the orientation (1 to 8) that the file states.

    Raises:
        ImageError: see `read_size`.
    """
    require_file(path)
    try:
        with path.open("rb") as file:
            tags = read_tags(file, (WIDTH, HEIGHT, ORIENTATION))
    except OSError as error:
        raise ImageError(f"cannot open image {path}: {error.strerror}.") from error
    if WIDTH in tags and HEIGHT in tags:
        width, height, orientation = tags[WIDTH], tags[HEIGHT], tags.get(ORIENTATION, 1)
    else:
        with _opened(path) as image:
            (width, height), orientation = image.size, _orientation(image.info.get("exif", b""))
    if orientation not in range(1, 9):
        orientation = 1
    size = (width, height) if orientation in LYING else (height, width)
    check_pixels(path, *size)
    return size, orientation


def require_file(path: Path) -> None:
    """Refuse what is no regular file, or is larger than any image that may be read.

    Raises:
        ImageError: it is not; says what stands there.
    """
    if irregular := describe_irregular(path):
        raise ImageError(f"cannot open image {path}: it {irregular}.")
    num_bytes = path.stat().st_size
    if num_bytes > largest_image() * BYTES_PER_PIXEL + HEADER_ROOM:
        raise ImageError(
            f"{path} has {num_bytes / 2**30:.1f} GiB, more than an image of {largest_image():,} pixels can need. "
            f"If it is one: {LARGEST_IMAGE_VARIABLE}={num_bytes // 3}."
        )


def check_pixels(path: Path, height: int, width: int) -> None:
    """Refuse an image that would fill the memory.

    Raises:
        ImageError: it has more pixels than allowed; says how to allow it.
    """
    if height * width > largest_image():
        raise ImageError(
            f"{path} states {height}x{width} (HxW), {height * width:,} pixels; read are at most {largest_image():,}, "
            f"since such files are usually damaged. If it is right: {LARGEST_IMAGE_VARIABLE}={height * width}."
        )
    if height < 1 or width < 1:
        raise ImageError(f"{path} states {height}x{width} (HxW): no pixels.")


def largest_image() -> int:
    """Pixels that an image may have, from the environment where it says so.

    Raises:
        SettingsError: the variable is no whole number above 0.
    """
    text = os.environ.get(LARGEST_IMAGE_VARIABLE, "").strip()
    if not text:
        return LARGEST_IMAGE
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{LARGEST_IMAGE_VARIABLE} must be a number of pixels, got {text!r}")
    return int(text)


def _opened(path: Path) -> Any:
    from PIL import Image, UnidentifiedImageError

    # Ours is the limit: Pillow would warn on the terminal from 89 million pixels and raise at twice that.
    Image.MAX_IMAGE_PIXELS = None
    try:
        return Image.open(path)
    except (UnidentifiedImageError, ImportError) as error:
        # ultralytics 8.4 replaces Image.open by one that asks for a HEIF package when a file is no image.
        raise ImageError(f"{path} is not a readable image. Expected {FORMATS}.") from error
    except OSError as error:
        raise ImageError(f"cannot open image {path}: {error}.") from error
    except Exception as error:  # every plugin of Pillow raises what it likes over a damaged header
        raise ImageError(f"{path} is not a readable image: {type(error).__name__}: {error}.") from error


def _orientation(exif: object) -> int:
    if not isinstance(exif, bytes):
        return 1
    return read_tags(BytesIO(exif.removeprefix(b"Exif\0\0")), (ORIENTATION,)).get(ORIENTATION, 1)
