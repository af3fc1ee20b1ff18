"""Files and folders that are complete or absent, whatever kills the process in between.

Nothing is flushed to the disk by force: a rename survives the death of any process, and waiting for the disk after
each of thousands of small files costs more than the work in them. A power cut can lose the last seconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.errors import WorkdirError

PARTIAL_MARK = ".partial-"
LONGEST_NAME = 255
"""Bytes of a file's name on the file systems in use."""


@contextmanager
def write_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, remove it otherwise.

    The temporary name keeps the suffix of `path`, since writers choose their format by it.

    Raises:
        WorkdirError: the folder cannot be made or written.
    """
    make_dir(path.parent)
    temporary = _temporary_name(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, UTF-8."""
    with write_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def write_dir(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`; rename it to `path` when the block ends well.

    A folder that appeared under that name meanwhile (another process finished first) wins, and ours is dropped.
    """
    make_dir(path.parent)
    temporary = path.with_name(f"{path.name}{PARTIAL_MARK}{uuid.uuid4().hex[:8]}")
    temporary.mkdir()
    try:
        yield temporary
        publish_dir(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def publish_dir(temporary: Path, path: Path) -> None:
    """Rename a finished folder to its final name; if that name is taken by a finished folder, drop ours."""
    try:
        temporary.rename(path)
    except OSError:
        if not path.is_dir():
            raise
        shutil.rmtree(temporary, ignore_errors=True)


def describe_irregular(path: Path) -> str:
    """What stands at a path where a regular file is expected, as "is a folder"; empty for a regular file.

    Opening a named pipe or a device waits for ever, so ask before opening what a user's folder holds.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return "is a link to nothing" if path.is_symlink() else f"cannot be read ({error.strerror})"
    if stat.S_ISREG(mode):
        return ""
    kinds = (
        (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
    )  # fmt: skip
    return next((f"is {name}, not a file" for is_kind, name in kinds if is_kind(mode)), "is not a regular file")


def _temporary_name(path: Path) -> Path:
    mark = f"{PARTIAL_MARK}{uuid.uuid4().hex[:8]}{path.suffix}"
    stem = os.fsencode(path.stem)[: LONGEST_NAME - len(os.fsencode(mark))]
    return path.with_name(os.fsdecode(stem) + mark)


def make_dir(path: Path) -> Path:
    """Make a folder and its parents.

    Raises:
        WorkdirError: it cannot be made or written; says why.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkdirError(
            f"cannot make the folder {path}: {error.strerror}. Pass another --workdir or --out."
        ) from error
    if not os.access(path, os.W_OK):
        raise WorkdirError(f"the folder {path} is not writable. Pass another --workdir or --out, or fix its rights.")
    return path


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes, 64 hex digits."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
