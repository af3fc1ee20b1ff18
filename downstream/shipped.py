"""Weights that ship with the suite: used only if they are what was shipped."""

from __future__ import annotations

from pathlib import Path

from suite.errors import WeightsError
from suite.files import file_sha256


def verify_shipped(path: Path, sha256: str) -> Path:
    """The file, after its content has been compared with what was shipped.

    Raises:
        WeightsError: it is missing or altered.
    """
    remedy = "Install the suite again, or restore the file with git"
    if not path.is_file():
        raise WeightsError(f"{path.name} ships with the suite, but {path} is missing. {remedy}.")
    found = file_sha256(path)
    if found != sha256:
        raise WeightsError(
            f"{path} has been altered: its SHA-256 begins with {found[:12]}, shipped was {sha256[:12]}. {remedy}; own "
            "weights go by their path."
        )
    return path
