"""Label files as text and XML, whatever a tool or a download made of them: encodings, marks, no files at all."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from xml.etree import ElementTree

from suite.files import describe_irregular

LARGEST_LABEL = 64 * 2**20
"""Bytes of a label file; a hundred thousand boxes take ten."""
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
TEXT_CODECS = frozenset(
    (
        "ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "gbk", "gb2312", "gb18030", "big5",
        "big5hkscs", "shift_jis", "cp932", "euc_jp", "iso2022_jp", "euc_kr", "cp949", "koi8-r", "koi8-u", "cp437",
        "cp866", "mac-roman", *(f"cp125{n}" for n in range(9)), *(f"iso8859-{n}" for n in range(1, 17)),
    )
)  # fmt: skip
"""Encodings of text. Python's list also holds compressions and escapes, which a file must not be able to ask for."""


class LabelFileError(Exception):
    """Why a label file cannot be read, to be told with its name."""


def read_label_text(path: Path) -> str:
    """The text of a label file in UTF-8 or UTF-16 with its mark.

    Raises:
        LabelFileError: no regular file, too large, or another encoding.
    """
    content = _read(path)
    encoding = _marked_encoding(content) or "utf-8"
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise LabelFileError(f"cannot be read as text: {error}; expected UTF-8") from error


def read_label_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file in the encoding that it declares.

    Raises:
        LabelFileError: no regular file, too large, an encoding that is unknown or not kept, or no XML.
    """
    content = _read(path)
    declared = _declared_encoding(content)
    try:
        if declared is None:
            return ElementTree.fromstring(content)
        text = content.decode(_known_codec(declared))
        return ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text.removeprefix("\ufeff"), count=1))
    except UnicodeError as error:
        raise LabelFileError(f"cannot be read as XML: it is not in the encoding {declared} that it declares") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        hint = "" if declared or _is_utf8(content) else "; it is not UTF-8 and declares no other encoding"
        raise LabelFileError(f"cannot be read as XML: {error}{hint}") from error
    except RecursionError as error:
        raise LabelFileError("cannot be read as XML: elements inside elements without end") from error


def _read(path: Path) -> bytes:
    if irregular := describe_irregular(path):
        raise LabelFileError(irregular)
    num_bytes = path.stat().st_size
    if num_bytes > LARGEST_LABEL:
        most = LARGEST_LABEL / 2**20
        raise LabelFileError(f"has {num_bytes / 2**20:.0f} MiB; no label file is larger than {most:.0f} MiB")
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabelFileError(f"cannot be read: {error.strerror}") from error


def _declared_encoding(content: bytes) -> str | None:
    """The encoding in the XML declaration; None where expat finds out itself."""
    if _marked_encoding(content):
        return None
    found = re.match(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']{1,60})[\"']", content[:400])
    if found is None:
        return None
    name = found[1].decode("ascii", "replace")
    return None if name.casefold().replace("_", "-") in ("utf-8", "utf8", "utf-16") else name


def _known_codec(name: str) -> str:
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        codec = ""
    if codec not in TEXT_CODECS:
        raise LabelFileError(f"declares the encoding {name!r}, which is not read; save it as UTF-8")
    return codec


def _marked_encoding(content: bytes) -> str | None:
    return next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
