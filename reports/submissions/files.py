"""The files of a submission: which there may be, of what kind and how large; anything else is refused unopened.

submission.yaml                                what was submitted, in the submitter's words
digests.csv                                    SHA-256 of the pixels of every fused image
records/<cell id>/result.json                  a result record as the suite wrote it
                  environment.json
                  per_image.csv                values of single images
                  artefacts/bootstrap.json     replicates behind intervals and tests
images/<set>/<id>.png                          the fused images, where the submitter gives them
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from reports.submissions.refusal import refusal
from suite.errors import ResultError

MANIFEST, DIGESTS = "submission.yaml", "digests.csv"
RECORDS, IMAGES = "records", "images"
BOOTSTRAP = "artefacts/bootstrap.json"
KIB, MIB = 2**10, 2**20
LARGEST = {
    MANIFEST: 64 * KIB,
    DIGESTS: 16 * MIB,
    f"{RECORDS}/*/result.json": 2 * MIB,
    f"{RECORDS}/*/environment.json": 64 * KIB,
    f"{RECORDS}/*/per_image.csv": 32 * MIB,
    f"{RECORDS}/*/{BOOTSTRAP}": 8 * MIB,
    f"{IMAGES}/*.png": 64 * MIB,
}
"""Pattern of a file's path -> most bytes."""
MOST_RECORDS = 2000
LARGEST_TEXTS = 64 * MIB
"""Of all files but the images together."""


def check_files(folder: Path) -> list[str]:
    """Every file of a submission by its path below the folder, sorted; none has been opened yet.

    Raises:
        ResultError: no such folder, a link, a device or pipe, a file of another name, one that is too large, too many.
    """
    if not folder.is_dir() or folder.is_symlink():
        raise ResultError(
            f"no submission at {folder}. Make one: python -m reports submit WORKDIR --fuser NAME --out {folder}"
        )
    found, texts = [], 0
    for place, size in _walk(folder, ""):
        pattern = next((p for p in LARGEST if _fits(place, p)), None)
        if pattern is None:
            raise refusal(
                place, "file", expected=f"one of {', '.join(LARGEST)}", found="another name", remedy="Remove it."
            )
        if size > LARGEST[pattern]:
            raise refusal(
                place, "size", expected=f"at most {LARGEST[pattern] // KIB:,} KiB", found=f"{size / KIB:,.0f} KiB",
                remedy="Submit fewer metrics or resamples, or split the submission by task.",
            )  # fmt: skip
        found.append(place)
        texts += 0 if place.startswith(f"{IMAGES}/") else size
    if texts > LARGEST_TEXTS:
        raise refusal(
            RECORDS, "size of all records", expected=f"at most {LARGEST_TEXTS // MIB} MiB",
            found=f"{texts / MIB:.0f} MiB", remedy="Split the submission by task.",
        )  # fmt: skip
    if MANIFEST not in found:
        raise refusal(
            MANIFEST, "file", expected="present", found="missing", remedy="Make it: python -m reports submit."
        )
    records = sum(place.endswith("/result.json") for place in found)
    if not 1 <= records <= MOST_RECORDS:
        raise refusal(
            RECORDS,
            "records",
            expected=f"1 to {MOST_RECORDS}",
            found=records,
            remedy="A submission holds result records.",
        )
    return sorted(found)


def read_json(folder: Path, place: str) -> dict[str, Any]:
    """A JSON object in which no key stands twice: a reviewer would see the first, a program would take the last.

    Raises:
        ResultError: not readable, no object, a key that is repeated.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = next((key for key in keys if keys.count(key) > 1), None) if len(set(keys)) < len(keys) else None
        if twice is not None:
            raise ValueError(f"the key {twice!r} stands twice")
        return dict(pairs)

    try:
        content = json.loads((folder / place).read_text(encoding="utf-8"), object_pairs_hook=once)
    except (OSError, ValueError, RecursionError) as error:
        raise refusal(place, "content", expected="JSON", found=str(error), remedy="Submit the record again.") from error
    if not isinstance(content, dict):
        raise refusal(
            place, "content", expected="an object", found=type(content).__name__, remedy="Submit the record again."
        )
    return content


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            place = f"{prefix}{entry.name}"
            mode = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(mode.st_mode):
                yield from _walk(Path(entry.path), f"{place}/")
            elif stat.S_ISREG(mode.st_mode):
                yield place, mode.st_size
            else:
                kind = "a symbolic link" if stat.S_ISLNK(mode.st_mode) else "a pipe, socket or device"
                raise refusal(
                    place,
                    "file",
                    expected="a regular file inside the folder",
                    found=kind,
                    remedy="Copy the file itself.",
                )


def _fits(place: str, pattern: str) -> bool:
    # In fnmatch "*" takes slashes too: only images lie in folders of any depth.
    same_depth = place.count("/") == pattern.count("/") or pattern.startswith(IMAGES)
    return same_depth and fnmatchcase(place, pattern)
