"""Check a submission to the leaderboard, and recompute from its images what can be recomputed.

Files, fields, cell ids, means and intervals are checked without images. With images (those of the submission, --images
or --fuse) their digests are compared and image metrics are computed again; with --train detectors and segmenters are
trained again. The first difference ends the command: file, expected, found, remedy. Nothing in a submission is run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class VerifySettings:
    """What to verify, and with what."""

    folder: Annotated[Path, Argument(positional=True)]
    """The submission."""
    images: Annotated[Path | None, Argument(metavar="DIR")] = None
    """Fused images: DIR/SET/ID.png, or DIR/ID.png where there is one set."""
    root: Annotated[dict[str, Path], Argument(metavar="NAME=DIR")] = field(default_factory=dict)
    """Where a real dataset lies, for example llvip=data/llvip; the laboratory is drawn."""
    fuse: bool = False
    """Fuse again, where the code is 'this suite'."""
    train: bool = False
    """Train detectors and segmenters again."""


def run(settings: VerifySettings) -> int:
    """Verify, and say what was checked and what was not."""
    from reports.submissions.verification import verify

    found = verify(
        settings.folder, images=settings.images, roots=settings.root, fuse=settings.fuse, train=settings.train
    )
    submission, name = found.submission, found.submission.manifest.method
    derived, stated = submission.num_derived, submission.num_stated
    print(f"files      {submission.num_files}: names, kinds and sizes as they should be")
    print(f"records    {len(submission.records)}: ids follow from their settings, one version of {name}")
    print(f"numbers    {derived} follow from single images or replicates, {stated} are stated")
    print(f"again      {found.num_recomputed} numbers recomputed from images")
    print(f"images     {found.num_images} of {sum(map(len, submission.digests.values()))} compared with their digests")
    for remark in found.remarks:
        print(f"nearly     {remark}")
    for reason, count in found.left_out.items():
        print(f"left out   {count} {'record' if count == 1 else 'records'} of {reason}")
    print(f"verified   {name}")
    return 0
