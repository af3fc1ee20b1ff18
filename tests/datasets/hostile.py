"""Makers of bad files: what users' folders and other people's downloads have held. Each writes one file at a path."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.datasets.miniatures import make_image, voc

Maker = Callable[[Path], None]


def png(width: int, height: int, rows: bytes = b"", *chunks: bytes) -> bytes:
    """A grey PNG whose header states a size, whatever its pixels are."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = b"".join(chunk(content[:4], content[4:]) for content in chunks)
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _good() -> bytes:
    return cv2.imencode(".png", make_image("x", 1, (48, 64)))[1].tobytes()


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere.png"))


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _bytes(content: Callable[[], bytes]) -> Maker:
    def make(path: Path) -> None:
        path.write_bytes(content())

    return make


def _float64_nan(path: Path) -> None:
    encoded = cv2.imencode(".tiff", np.full((48, 64), np.nan))[1]
    path.write_bytes(encoded.tobytes())


def _sparse(path: Path) -> None:
    with path.open("wb") as opened:
        opened.write(_good())
        opened.truncate(8 * 2**30)


def _counts() -> bytes:
    return cv2.imencode(".png", (29000 + make_image("x", 1, (48, 64)).astype(np.uint16)).astype(np.uint16))[1].tobytes()


def _two_channels() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.dstack([make_image("x", 1, (48, 64))] * 2), "LA").save(stream, "PNG")
    return stream.getvalue()


BAD_IMAGES: dict[str, Maker] = {
    "a folder called like an image": _folder,
    "a named pipe": _pipe,
    "a device": _device,
    "a link to nothing": _dangling,
    "a link to itself": _loop,
    "no bytes": _bytes(lambda: b""),
    "text": _bytes(lambda: b"<!DOCTYPE html><html>404</html>"),
    "a Git LFS pointer": _bytes(lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n"),
    "zeros": _bytes(lambda: bytes(4096)),
    "half a PNG": _bytes(lambda: _good()[: len(_good()) // 2]),
    "a PNG with a flipped byte": _bytes(lambda: _good()[:200] + bytes([_good()[200] ^ 255]) + _good()[201:]),
    "a PNG that states 60000 x 60000": _bytes(lambda: png(60000, 60000)),
    "a PNG that states no pixels": _bytes(lambda: png(0, 0)),
    "a PNG of 400 million equal pixels": _bytes(lambda: png(20000, 20000, bytes(20001) * 1000)),
    "a PNG with text that unpacks to a gigabyte": _bytes(
        lambda: png(64, 48, bytes(65 * 48), b"zTXtkey\0\0" + zlib.compress(bytes(2**28)))
    ),
    "a JPEG that states 65500 x 65500": _bytes(
        lambda: b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xdc\xff\xdc\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xd9"
    ),
    "a TIFF whose directory lies beyond its end": _bytes(lambda: b"II*\0\xff\xff\xff\x7f" + bytes(64)),
    "a TIFF that states 10^9 x 10^9": _bytes(
        lambda: b"II*\0\x08\0\0\0\x02\0" + struct.pack("<HHIIHHIII", 256, 4, 1, 10**9, 257, 4, 1, 10**9, 0)
    ),
    "a TIFF of numbers that are none": _float64_nan,
    "a PNG of 8 GiB": _sparse,
    "raw thermal counts": _bytes(_counts),
    "grey with transparency": _bytes(_two_channels),
    "a GIF called PNG, cut": _bytes(lambda: b"GIF89a\x40\0\x30\0\x80\0\0"),
    "a WebP without content": _bytes(lambda: b"RIFF\x24\0\0\0WEBPVP8 "),
}


def _xml(text: str, encoding: str, *, declared: str | None = None, mark: bytes = b"") -> Maker:
    head = "" if declared == "" else f'<?xml version="1.0" encoding="{declared or encoding}"?>'
    return _bytes(lambda: mark + (head + text).encode(encoding))


PERSON = voc(("person", 2, 3, 12, 20))
NAMED = PERSON.replace("<annotation>", "<annotation><owner>行人检测</owner>")
LAUGHS = "<!DOCTYPE a [<!ENTITY a '" + "x" * 50 + "'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 20}'>" for n in range(8)
) + "]><annotation>&i;</annotation>"  # fmt: skip

BAD_XML: dict[str, Maker] = {
    "a folder called like a label": _folder,
    "a named pipe": _pipe,
    "a device": _device,
    "a link to nothing": _dangling,
    "no bytes": _bytes(lambda: b""),
    "an image": _bytes(_good),
    "an unknown encoding": _xml(PERSON, "utf-8", declared="klingon"),
    "a compression as encoding": _xml(PERSON, "utf-8", declared="zlib"),
    "an escape as encoding": _xml(PERSON, "utf-8", declared="unicode_escape"),
    "an encoding with a slow decoder": _xml(PERSON, "utf-8", declared="punycode"),
    "another encoding than declared": _xml(NAMED, "gbk", declared="utf-8"),
    "an encoding that is not declared": _xml(NAMED, "gbk", declared=""),
    "entities within entities": _bytes(LAUGHS.encode),
    "an outside entity": _bytes(
        lambda: b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><annotation>&e;</annotation>'
    ),
    "elements within elements": _bytes(lambda: b"<a>" * 200_000),
    "a size of inf": _bytes(PERSON.replace("<width>32", "<width>inf").encode),
    "a size of 1e400": _bytes(PERSON.replace("<width>32", "<width>1e400").encode),
    "a size of nan": _bytes(PERSON.replace("<width>32", "<width>nan").encode),
    "corners of 1e308": _bytes(PERSON.replace("<xmax>12", "<xmax>1e308").encode),
    "corners of inf": _bytes(PERSON.replace("<xmax>12", "<xmax>inf").encode),
    "a class that is none": _bytes(PERSON.replace("person", "../../etc/passwd").encode),
}

GOOD_XML: dict[str, Maker] = {
    **{name: _xml(NAMED, name) for name in ("gbk", "gb2312", "gb18030", "utf-7", "utf-16")},
    **{
        name: _xml(PERSON.replace("<annotation>", "<annotation><owner>行人</owner>"), name)
        for name in ("big5", "big5hkscs", "shift_jis", "euc_kr")
    },
    "latin-1": _xml(PERSON.replace("<annotation>", "<annotation><owner>Fußgänger</owner>"), "iso-8859-1"),
    "windows-1252": _xml(PERSON.replace("<annotation>", "<annotation><owner>Fußgänger</owner>"), "windows-1252"),
    "UTF-8 with a mark": _xml(NAMED, "utf-8", mark=b"\xef\xbb\xbf"),
}
"""Encodings in which annotation tools write, all with the person of a sound file."""

BAD_YOLO: dict[str, Maker] = {
    "a folder called like a label": _folder,
    "a named pipe": _pipe,
    "a device": _device,
    "a link to nothing": _dangling,
    "bytes that are no text": _bytes(lambda: b"0 \xff\xfe\xfd"),
    "detections with their confidence": _bytes(lambda: b"0 0.5 0.5 0.1 0.1 0.93\n"),
    "a class of inf": _bytes(lambda: b"inf 0.5 0.5 0.1 0.1\n"),
    "a class of 1e400": _bytes(lambda: b"1e400 0.5 0.5 0.1 0.1\n"),
    "a width of nan": _bytes(lambda: b"0 0.5 0.5 nan 0.1\n"),
    "a centre of 1e308": _bytes(lambda: b"0 1e308 0.5 1e308 0.1\n"),
    "pixels instead of fractions": _bytes(lambda: b"0 320 240 50 80\n"),
    "one line without end": _bytes(lambda: b"0 " * 5_000_000),
    "an outline of two corners and a half": _bytes(lambda: b"0 0.1 0.1 0.2 0.2 0.3\n"),
}
