"""What was fused into a folder of a user's own, so that a run is resumed only by the same work.

    <out>/fuse.jsonl    first line: the work (fuser, settings, how pairs are read); then one line per finished image

Images are found again by name alone; without this record a run that resumes with another fuser, seed or source would
mix two methods in one folder, which `folder:` then judges as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
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


class FuseRecord:
    """The record of one output folder.

    Args:
        out: The folder.
        work: What determines the pixels beside the sources: plain data, nested at most once.
    """

    def __init__(self, out: Path, work: Mapping[str, Any]) -> None:
        self.path = out / RECORD
        self.out = out
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
        changed = [one for one in there if done.get(one, digests[one]) != digests[one]]
        if changed:
            raise WorkdirError(self._refuse(f"{len(changed)} images of other sources with these names", changed))
        unknown = [one for one in there if one not in done]
        if len(unknown) > UNRECORDED_BY_A_KILL:
            raise WorkdirError(self._refuse(f"{len(unknown)} images that its record does not know", unknown))
        return {one for one in there if one in done}

    def begin(self, kept: set[str], samples: Sequence[Sample]) -> None:
        """Write down what work this is, and what stays of it."""
        lines = [json.dumps({"format": FORMAT, "work": self.work})]
        _, done = self._read()
        kept_lines = {one: digest for one, digest in done.items() if one in kept or not self._in(one, samples)}
        lines += [json.dumps([one, digest]) for one, digest in kept_lines.items()]
        write_text(self.path, "".join(f"{line}\n" for line in lines))

    def add(self, sample: Sample) -> None:
        """One image is finished."""
        with self.path.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps([sample.id, digest_of(sample)]) + "\n")

    def image(self, sample_id: str) -> Path:
        """Where the fused image of a sample lies."""
        return self.out / f"{sample_id}.png"

    @staticmethod
    def _in(one: str, samples: Sequence[Sample]) -> bool:
        return any(sample.id == one for sample in samples)

    def _read(self) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
        if not self.path.is_file():
            return None, {}
        try:
            text = self.path.read_text(encoding="utf-8")
            # A last line without its end was cut by a kill.
            head, *lines = text[: text.rfind("\n") + 1].splitlines()
            first = json.loads(head)
            work = first["work"] if first["format"] == FORMAT else None
            return work, {str(one): str(digest) for one, digest in map(json.loads, lines)}
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
