"""The first directory of a TIFF structure: TIFF files themselves, and the EXIF block inside JPEG, PNG and WebP.

Read here rather than by Pillow, which warns on the terminal about damaged directories, knows no 64-bit floats, and
turns the stated size in some versions but not in others.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from typing import BinaryIO

WIDTH, HEIGHT, ORIENTATION = 256, 257, 274
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
SHORT, LONG = 3, 4
ENTRY_LENGTH = 12
MOST_ENTRIES = 4096


def read_tags(file: BinaryIO, wanted: Collection[int]) -> dict[int, int]:
    """Whole-number tags of the first directory; empty where the bytes are no TIFF structure."""
    header = file.read(8)
    order = BYTE_ORDERS.get(header[:4])
    if order is None or len(header) < 8:
        return {}
    file.seek(struct.unpack(f"{order}I", header[4:])[0])
    count = file.read(2)
    if len(count) < 2:
        return {}
    entries = file.read(ENTRY_LENGTH * min(struct.unpack(f"{order}H", count)[0], MOST_ENTRIES))
    found = {}
    for start in range(0, len(entries) - ENTRY_LENGTH + 1, ENTRY_LENGTH):
        tag, kind = struct.unpack_from(f"{order}HH", entries, start)
        if tag in wanted and kind in (SHORT, LONG):
            form = "H" if kind == SHORT else "I"
            found[tag] = int(struct.unpack_from(f"{order}{form}", entries, start + 8)[0])
    return found
