"""The pool: every fuser's result for every training pair, one fused set a fuser.

    <out>/fused/<dataset>-<split>-<fuser>-<fingerprint>/images/<id>.png

Files of 8 bit, because the published priors are image files too, and because a search over files can be repeated by
anyone. They are those of `diffif.fusers.fused_set`: tasks and the candidates of an ablation are the same sets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rich.progress import Progress

from datasets.base import PairedDataset
from diffif.fusers.base import Fuser
from diffif.fusers.fused_set import fuse_split, fused_dir, images_dir, partial_dir
from diffif.fusers.outside.imported import ImportedFolder
from diffif.workers import Workers
from suite.errors import DatasetError, SettingsError, list_offenders

Missing = Literal["error", "skip"]


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """One fuser's results for the training pairs."""

    fuser: str
    """What the user wrote after --candidates."""
    fingerprint: str
    folder: Path
    absent: frozenset[str] = frozenset()
    """Ids of the pairs for which there is no candidate (--missing skip)."""

    @property
    def key(self) -> str:
        """What stands for it in stored scores."""
        return candidate_key(self.fuser, self.fingerprint)

    def path(self, sample_id: str) -> Path:
        """The candidate's file of one pair."""
        return self.folder / f"{sample_id}.png"

    def count(self, ids: Collection[str]) -> int:
        """How many of the pairs are fused already, in a set that is finished or begun."""
        begun = images_dir(partial_dir(self.folder.parent))
        return sum(self.path(one).is_file() or (begun / f"{one}.png").is_file() for one in ids)


def parse_candidates(texts: Sequence[str]) -> tuple[str, ...]:
    """The fusers that a user wrote, separated by commas or as words of their own.

    A comma after `@` that is followed by `key=` continues the settings of the same fuser.

    >>> parse_candidates(["average,diffif@steps=2,seed=1", "max"])
    ('average', 'diffif@steps=2,seed=1', 'max')
    """
    specs: list[str] = []
    for text in texts:
        parts: list[str] = []
        for part in text.split(","):
            if parts and "@" in parts[-1] and re.match(r"\s*[A-Za-z_][\w-]*=", part):
                parts[-1] += f",{part}"
            else:
                parts.append(part.strip())
        specs += filter(None, parts)
    return tuple(specs)


def candidate_key(spec: str, fingerprint: str) -> str:
    """What stands for a fuser in stored scores."""
    return f"{re.sub(r'[^A-Za-z0-9+._-]+', '_', spec)[:60]}-{fingerprint}"


def plan_candidates(
    dataset: PairedDataset, fusers: Sequence[tuple[str, Fuser]], out: Path, *, missing: Missing = "error"
) -> list[Candidates]:
    """The pool as it will be, checked before anything is fused.

    Args:
        dataset: The training pairs.
        fusers: (what the user wrote, ready fuser), in the order in which ties are decided later.
        out: The folder that holds `fused/`.
        missing: Where a folder of images lacks some pairs: "error", or "skip" to leave it out for those pairs.

    Raises:
        SettingsError: fewer than one fuser, or one named twice.
        DatasetError: images are missing, or a pair is left without any candidate; lists up to ten.
    """
    names = [spec for spec, _ in fusers]
    if not names or len(set(names)) != len(names):
        raise SettingsError(f"a pool needs at least one fuser and each only once, got: {', '.join(names) or 'none'}")
    ids = [sample.id for sample in dataset]
    absent = {spec: fuser.missing(ids) if isinstance(fuser, ImportedFolder) else [] for spec, fuser in fusers}
    if missing == "error" and any(absent.values()):
        offenders = [f"{spec}: no image of {one}" for spec, lacking in absent.items() for one in lacking]
        raise DatasetError(
            f"{len(offenders)} candidates of {len(ids)} pairs are missing:\n{list_offenders(offenders)}\n"
            "Add the images (<id>.png), or leave those candidates out for those pairs: --missing skip"
        )
    nowhere = set.intersection(*(set(lacking) for lacking in absent.values()))
    bare = [one for one in ids if one in nowhere]
    if bare:
        raise DatasetError(
            f"{len(bare)} pairs have no candidate at all:\n{list_offenders(bare)}\n"
            "Add a candidate that fuses every pair, such as max or laplacian, or add the missing images."
        )
    return [
        Candidates(
            fuser=spec,
            fingerprint=fuser.fingerprint,
            folder=images_dir(fused_dir(out, _without(dataset, absent[spec]), fuser, spec)),
            absent=frozenset(absent[spec]),
        )
        for spec, fuser in fusers
    ]


def make_candidates(
    dataset: PairedDataset,
    fusers: Sequence[tuple[str, Fuser]],
    out: Path,
    *,
    missing: Missing = "error",
    workers: Workers | None = None,
    progress: Progress | bool = False,
) -> list[Candidates]:
    """Fuse every pair by every fuser, each into a fused set; sets that are there are taken as they are.

    Args:
        dataset: The training pairs.
        fusers: (what the user wrote, ready fuser), in the order in which ties are decided later.
        out: The folder that holds `fused/`.
        missing: See `plan_candidates`.
        workers: Open worker processes; None: in this process.
        progress: A running rich progress display, or False for silence.

    Raises:
        SettingsError, DatasetError: see `plan_candidates`.
        ImageError: a pair cannot be read or fused.
    """
    pool = plan_candidates(dataset, fusers, out, missing=missing)
    # Folders of images first: one of the wrong size is found before a network has worked for hours.
    for candidates, (spec, fuser) in sorted(
        zip(pool, fusers, strict=True), key=lambda pair: not isinstance(pair[1][1], ImportedFolder)
    ):
        present = _without(dataset, candidates.absent)
        # One by one, so that a pixel never depends on the number of processes.
        fuse_split(present, fuser, out, spec=spec, batch_size=1, progress=progress, workers=workers)
    return pool


def _without(dataset: PairedDataset, absent: Collection[str]) -> PairedDataset:
    return replace(dataset, samples=tuple(one for one in dataset if one.id not in absent)) if absent else dataset
