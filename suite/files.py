"""Files and folders that are complete or absent, whatever kills the process in between.

Nothing is flushed to the disk by force: a rename survives the death of any process, and waiting for the disk after
each of thousands of small files costs more than the work in them. A power cut can lose the last seconds.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.errors import WorkdirError

PARTIAL_MARK = ".partial-"


@contextmanager
def write_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, remove it otherwise.

    The temporary name keeps the suffix of `path`, since writers choose their format by it.

    Raises:
        WorkdirError: the folder cannot be made or written.
    """
    make_dir(path.parent)
    temporary = path.with_name(f"{path.stem}{PARTIAL_MARK}{uuid.uuid4().hex[:8]}{path.suffix}")
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
