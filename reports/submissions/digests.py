"""SHA-256 of the pixels of fused images: whether two people speak of the same images, without sending them.

Pixels, not file bytes: another PNG writer compresses the same pixels into other bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reports.submissions.fields import check_place
from reports.submissions.files import DIGESTS
from reports.submissions.refusal import refusal
from suite.errors import ResultError
from suite.files import describe_irregular, write_text

HEAD = ("set", "id", "sha256")
DIGEST = re.compile(r"[0-9a-f]{64}")
SET = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_+.-]*")
MOST_PIXELS = 64_000_000
"""Of one image; a small PNG can unpack to gigabytes."""
REMEDY = "Fuse again and submit what the suite stored, or correct the digest."
Digests = Mapping[str, Mapping[str, str]]
"""Name of a set of images -> id -> digest."""


def pixel_digest(path: Path) -> str:
    """SHA-256 of height, width and the RGB values of an image, row by row; grey counts as R = G = B.

    Raises:
        ResultError: no regular file, no 8-bit image, too many pixels.
    """
    import warnings

    from PIL import Image

    if irregular := describe_irregular(path):
        raise ResultError(f"{path} {irregular}. Expected a fused image.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "BMP", "TIFF", "JPEG")) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise ValueError(f"{width * height:,} pixels, at most {MOST_PIXELS:,}")
                if image.mode not in ("RGB", "L", "P", "RGBA", "1"):
                    raise ValueError(f"mode {image.mode}, expected 8 bits")
                pixels = image.convert("RGB").tobytes()
    except ImportError as error:
        # ultralytics 8.4 replaces Image.open by one that asks for a HEIF package when a file is no image.
        raise ResultError(f"{path} is no fused image: cannot identify image file.") from error
    except (OSError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise ResultError(f"{path} is no fused image: {error}.") from error
    return hashlib.sha256(f"{height} {width} RGB\n".encode() + pixels).hexdigest()


def write_digests(folder: Path, digests: Digests) -> None:
    """Write digests.csv, sorted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows((name, one, ids[one]) for name, ids in sorted(digests.items()) for one in sorted(ids))
    write_text(folder / DIGESTS, out.getvalue())


def read_digests(folder: Path) -> dict[str, dict[str, str]]:
    """The digests of a submission; {} where it has none (a submission of times alone).

    Raises:
        ResultError: another head, a line that is not set, id and 64 hex digits, an image twice.
    """
    source = folder / DIGESTS
    if not source.is_file():
        return {}
    try:
        lines = list(csv.reader(io.StringIO(source.read_text(encoding="utf-8"), newline="")))
    except (ValueError, csv.Error) as error:
        raise refusal(DIGESTS, "content", expected="CSV", found=str(error), remedy="Submit again.") from error
    if not lines or tuple(lines[0]) != HEAD:
        found = ",".join(lines[0]) if lines else "nothing"
        raise refusal(DIGESTS, "first line", expected=",".join(HEAD), found=found, remedy="Submit again.")
    digests: dict[str, dict[str, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != 3 or not SET.fullmatch(line[0]) or not DIGEST.fullmatch(line[2]):
            raise refusal(
                DIGESTS, f"line {number}", expected="set,id,64 hex digits", found=",".join(line), remedy="Submit again."
            )
        check_place(DIGESTS, f"line {number}, id", line[1])
        if line[1] in digests.setdefault(line[0], {}):
            raise refusal(
                DIGESTS, f"line {number}", expected="every image once", found=f"{line[1]} twice", remedy="Submit again."
            )
        digests[line[0]][line[1]] = line[2]
    return digests


def compare_images(digests: Digests, folders: Mapping[str, Path]) -> int:
    """Compare the images of folders with their digests; returns how many were compared.

    Args:
        digests: As submitted.
        folders: The folder of each set.

    Raises:
        ResultError: an image is missing, or has other pixels than were submitted; names the first.
    """
    count = 0
    for name, folder in folders.items():
        for one, expected in sorted(digests[name].items()):
            path = find_image(folder, one)
            if path is None:
                raise refusal(
                    f"{name}/{one}", "fused image", expected="a file", found=f"none in {folder.name}/", remedy=REMEDY
                )
            found = pixel_digest(path)
            if found != expected:
                raise refusal(f"{name}/{one}", "SHA-256 of its pixels", expected=expected, found=found, remedy=REMEDY)
            count += 1
    return count


def find_image(
    folder: Path, one: str, suffixes: Sequence[str] = (".png", ".bmp", ".tif", ".tiff", ".jpg")
) -> Path | None:
    """The image of an id in a folder; None where there is none, or where it is a link out of the folder."""
    for suffix in suffixes:
        path = folder / f"{one}{suffix}"
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    return None
