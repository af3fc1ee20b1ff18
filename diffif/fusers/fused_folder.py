"""A folder of fused images with a record of what they are, so that only the same work resumes it.

    <folder>/fuse.jsonl    first line: the work (fuser, settings); then one line per finished image: id, digest, seconds

A folder of a user's own (`diffif fuse --out`) keeps its record: images are found again by name alone, and a run that
resumes with another fuser, seed or source would mix two methods in one folder, which `folder:` then judges as one. A
fused set has it until it is complete.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets.base import Sample
from suite.errors import WorkdirError, list_offenders
from suite.files import write_text

RECORD = "fuse.jsonl"
FORMAT = 1
DIGEST_LENGTH = 16
UNRECORDED_BY_A_KILL = 1
"""Images that may be there without a line: the one that was written when the process died."""


class FusedFolder:
    """Fused images in one folder, and their record.

    Args:
        out: The folder.
        images: Where its images lie.
        work: What determines the pixels beside the sources: plain data, nested at most once.
    """

    def __init__(self, out: Path, work: Mapping[str, Any], *, images: Path | None = None) -> None:
        self.path = out / RECORD
        self.out = out
        self.images = images or out
        self.work = json.loads(json.dumps(dict(work)))

    def finished(self, samples: Sequence[Sample], *, overwrite: bool) -> set[str]:
        """Ids of the samples whose fused images are there, from the same work and the same sources.

        Raises:
            WorkdirError: the folder holds images of other work, other sources or unknown origin; says what differs.
        """
        if overwrite:
            return set()
        there = [sample.id for sample in samples if self.image(sample.id).is_file()]
        before, done = self._read()
        if before is None:
            if there:
                raise WorkdirError(self._refuse(f"{len(there)} images of these names, not made by this command", there))
            return set()
        if before != self.work and there:
            raise WorkdirError(self._refuse("images of other work", describe_differences(before, self.work)))
        if before != self.work:
            return set()
        digests = {sample.id: digest_of(sample) for sample in samples}
        changed = [one for one in there if one in done and done[one][0] != digests[one]]
        if changed:
            raise WorkdirError(self._refuse(f"{len(changed)} images of other sources with these names", changed))
        unknown = [one for one in there if one not in done]
        if len(unknown) > UNRECORDED_BY_A_KILL:
            raise WorkdirError(self._refuse(f"{len(unknown)} images that its record does not know", unknown))
        return {one for one in there if one in done}

    def recorded(self, samples: Sequence[Sample]) -> dict[str, float]:
        """Seconds by id of the samples whose images are there, from the same work and the same sources."""
        before, done = self._read()
        if before != self.work:
            return {}
        return {
            sample.id: done[sample.id][1]
            for sample in samples
            if sample.id in done and done[sample.id][0] == digest_of(sample) and self.image(sample.id).is_file()
        }

    def begin(self, kept: Collection[str], samples: Sequence[Sample]) -> None:
        """Write down what work this is, and what stays of it."""
        lines = [json.dumps({"format": FORMAT, "work": self.work})]
        _, done = self._read()
        wanted = {sample.id for sample in samples}
        lines += [json.dumps([one, *known]) for one, known in done.items() if one in kept or one not in wanted]
        write_text(self.path, "".join(f"{line}\n" for line in lines))

    def add(self, sample: Sample, seconds: float) -> None:
        """One image is finished; fusing it took so long, without reading and writing."""
        with self.path.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps([sample.id, digest_of(sample), round(seconds, 6)]) + "\n")

    def image(self, sample_id: str) -> Path:
        """Where the fused image of a sample lies."""
        return self.images / f"{sample_id}.png"

    def _read(self) -> tuple[Mapping[str, Any] | None, dict[str, tuple[str, float]]]:
        if not self.path.is_file():
            return None, {}
        try:
            text = self.path.read_text(encoding="utf-8")
            # A last line without its end was cut by a kill.
            head, *lines = text[: text.rfind("\n") + 1].splitlines()
            first = json.loads(head)
            work = first["work"] if first["format"] == FORMAT else None
            # Records of earlier versions hold no seconds.
            found = {str(one): (str(digest), *seconds) for one, digest, *seconds in map(json.loads, lines)}
            return work, {one: (known[0], float(known[1]) if known[1:] else math.nan) for one, known in found.items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorkdirError(
                f"{self.path} cannot be read ({type(error).__name__}: {error}), so it is not known what the images "
                "beside it are. Fuse them again with --overwrite, or pass another --out."
            ) from error

    def _refuse(self, what: str, offenders: Sequence[str]) -> str:
        return (
            f"{self.out} holds {what}:\n{list_offenders(offenders)}\n"
            "Two methods in one folder would be judged as one. Pass another --out, or --overwrite to fuse all again."
        )


def digest_of(sample: Sample) -> str:
    """Sixteen hex digits over both sources and how they are read."""
    return hashlib.sha256(sample.digest).hexdigest()[:DIGEST_LENGTH]


def describe_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two works, a line each."""
    found = []
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += [f"{key}: {line}" for line in describe_differences(old, new)]
        elif old != new:
            found.append(f"{key} was {old}, now {new}")
    return found
