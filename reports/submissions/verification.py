"""Verifies a submission: everything that can be checked, and what was not checked and why."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reports.submissions.digests import compare_images
from reports.submissions.files import IMAGES
from reports.submissions.reading import Submission, read_submission, set_name
from reports.submissions.recomputation import PLAIN_NAME, ImageSource, recompute, why_not
from suite.errors import ResultError, SettingsError
from suite.records import Record

OWN_CODE = "this suite"
"""What `code` says of a fuser that the suite itself has."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found in order."""

    submission: Submission
    num_images: int
    """Images whose pixels have the submitted digest."""
    num_recomputed: int
    """Rows whose value was computed again from images."""
    remarks: tuple[str, ...] = ()
    """What agrees only nearly, and why."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """What was not recomputed and why -> number of records."""


def verify(
    folder: Path, *, images: Path | None = None, roots: Mapping[str, Path] | None = None, fuse: bool = False,
    train: bool = False,
) -> Verified:  # fmt: skip
    """Check a submission as far as this machine can.

    Args:
        folder: The submission.
        images: Fused images: DIR/<set>/<id>.png, or DIR/<id>.png where there is one set; without it those of the
            submission, if it holds any.
        roots: Folder of each real dataset.
        fuse: Let the suite fuse again where the submission says that its code is this suite.
        train: Train again what was trained.

    Raises:
        ResultError: the first difference.
        SettingsError: the arguments contradict each other.
    """
    if fuse and images is not None:
        raise SettingsError("--fuse makes the images that --images would name; pass one of them.")
    submission = read_submission(folder)
    places = _image_folders(submission, images)
    count = compare_images(submission.digests, places)
    left_out: Counter[str] = Counter()
    remarks: list[str] = []
    rows = 0
    with tempfile.TemporaryDirectory(prefix="verify-") as scratch:
        for record in submission.records:
            workdir = Path(scratch) / set_name(record)
            source = _source(submission, record, places, roots or {}, fuse)
            reason = why_not(record, source, train=train)
            if reason or source is None:
                left_out[f"{record.task}: {reason}"] += 1
                continue
            found, remark = recompute(record, source, workdir)
            if not found:
                left_out[f"{record.task}: {remark}"] += 1
                continue
            rows += found
            remarks += [f"{record.cell_id}: {remark}"] if remark else []
        if fuse and rows:
            count += compare_images(submission.digests, dict(_fused_again(submission, Path(scratch))))
    return Verified(
        submission=submission, num_images=count, num_recomputed=rows, remarks=tuple(remarks), left_out=left_out
    )


def _image_folders(submission: Submission, images: Path | None) -> dict[str, Path]:
    """The folder of each set whose images are at hand."""
    sets = sorted(submission.digests)
    if images is None:
        inside = submission.folder / IMAGES
        return {name: inside / name for name in sets if (inside / name).is_dir()}
    if not images.is_dir():
        raise ResultError(
            f"no folder of fused images at {images}. Expected {images}/<set>/<id>.png: {', '.join(sets)}."
        )
    found = {name: images / name for name in sets if (images / name).is_dir()}
    if not found and len(sets) == 1:
        return {sets[0]: images}
    if not found:
        raise ResultError(f"{images} holds none of the sets {', '.join(sets)}. Expected {images}/<set>/<id>.png.")
    return found


def _source(
    submission: Submission, record: Record, places: Mapping[str, Path], roots: Mapping[str, Path], fuse: bool
) -> ImageSource | None:
    pairs = record.settings.get("pairs") or {}
    root = roots.get(str(pairs.get("name", "")).partition("@")[0])
    place = places.get(set_name(record))
    if place is not None:
        return ImageSource(fuser=f"folder:{place.resolve()}", root=root)
    if fuse and submission.manifest.code == OWN_CODE and PLAIN_NAME.fullmatch(submission.manifest.fuser):
        return ImageSource(fuser=submission.manifest.fuser, root=root)
    return None


def _fused_again(submission: Submission, scratch: Path) -> Iterator[tuple[str, Path]]:
    for name in submission.digests:
        # The laboratory is fused whole, and a training fuses other splits too.
        split = name.rsplit("-", 1)[-1]
        found = sorted((scratch / name / "fused").glob(f"*-{split}-{submission.manifest.fuser}-*/images"))
        if found:
            yield name, found[0]
