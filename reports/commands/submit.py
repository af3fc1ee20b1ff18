"""Write a submission to the leaderboard: the records of one fuser as text, and the digests of its images.

What the records do not tell is asked for: paper, code, weights, licence. Nothing is sent anywhere; docs/leaderboard.md
says how a submission becomes a pull request.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class SubmitSettings:
    """What to submit."""

    workdir: Annotated[Path, Argument(positional=True)]
    """The folder that holds cells/ and fused/."""
    fuser: Annotated[str, Argument(metavar="NAME")]
    """Whose records, as the name stood after --fuser."""
    out: Annotated[Path, Argument(metavar="FOLDER")]
    """The folder to make."""
    method: Annotated[str, Argument(metavar="NAME")] = ""
    """Name on the page; without it the fuser's."""
    paper: str = "none"
    """Authors, title, venue."""
    year: int | None = None
    """Of the paper."""
    code: str = "this suite"
    """An https address, or 'not public'."""
    weights: str = "none"
    """An https address with the file's SHA-256, 'none', or 'not public'."""
    licence: str = "not stated"
    """Of code and weights."""
    hardware: str = ""
    """What times were measured on (default: as the records say)."""
    remarks: str = ""
    """What a reader must know."""
    with_images: bool = False
    """Copy the fused images too, so that anybody can recompute the metrics."""


def run(settings: SubmitSettings) -> int:
    """Write the submission and say what it holds."""
    from reports.submissions.manifest import Manifest
    from reports.submissions.writing import write_submission

    manifest = Manifest(
        method=settings.method or settings.fuser, fuser=settings.fuser, paper=settings.paper, year=settings.year,
        code=settings.code, weights=settings.weights, hardware=settings.hardware, licence=settings.licence,
        remarks=settings.remarks,
    )  # fmt: skip
    made = write_submission(settings.workdir, manifest, settings.out, with_images=settings.with_images)
    images = sum(map(len, made.digests.values()))
    print(f"submission  {settings.out}  ({len(made.records)} records, digests of {images} images)")
    print(f"next        python -m reports verify {settings.out}")
    return 0
