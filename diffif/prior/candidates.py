"""The pool: every fuser's result for every training pair, as 8-bit PNG in the pair's native colour.

    <out>/pool/<fuser>-<fingerprint>/<id>.png

8 bit, because the published priors are image files too, and because a search over files can be repeated by anyone.
Colour where the fuser gives colour, grey for grey pairs. Finished images are kept over restarts; a fuser whose settings
or weights change gets a folder of its own. Not the folder `candidates/` of earlier versions, which held luma alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

from rich.progress import Progress
from torch import Tensor

from datasets.base import Sample
from datasets.images import read_sample, rgb_to_y, write_image
from diffif.fusers.base import Fuser
from diffif.fusers.outside.imported import ImportedFolder
from diffif.fusers.registry import build_fuser
from diffif.prior.workers import Workers, count_on
from suite.errors import DatasetError, SettingsError, list_offenders
from suite.files import make_dir

POOL_FOLDER = "pool"
ONE_LEVEL = 1 / 255

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


def candidates_of(spec: str, fuser: Fuser, out: Path) -> Candidates:
    """Where the candidates of one fuser lie, whether or not they are there yet."""
    return named_candidates(spec, fuser.fingerprint, out)


def named_candidates(spec: str, fingerprint: str, out: Path) -> Candidates:
    """The same by the fuser's fingerprint, without the fuser."""
    return Candidates(fuser=spec, fingerprint=fingerprint, folder=out / POOL_FOLDER / candidate_key(spec, fingerprint))


def candidate_key(spec: str, fingerprint: str) -> str:
    """What stands for a fuser in names of folders and of stored scores."""
    return f"{re.sub(r'[^A-Za-z0-9+._-]+', '_', spec)[:60]}-{fingerprint}"


def plan_candidates(
    samples: Sequence[Sample], fusers: Sequence[tuple[str, Fuser]], out: Path, *, missing: Missing = "error"
) -> list[Candidates]:
    """The pool as it will be, checked before anything is fused.

    Args:
        samples: The training pairs.
        fusers: (what the user wrote, ready fuser), in the order in which ties are decided later.
        out: Folder of the prior.
        missing: Where a folder of images lacks some pairs: "error", or "skip" to leave it out for those pairs.

    Raises:
        SettingsError: fewer than one fuser, or one named twice.
        DatasetError: images are missing, or a pair is left without any candidate; lists up to ten.
    """
    names = [spec for spec, _ in fusers]
    if not names or len(set(names)) != len(names):
        raise SettingsError(f"a pool needs at least one fuser and each only once, got: {', '.join(names) or 'none'}")
    ids = [sample.id for sample in samples]
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
    pool = [candidates_of(spec, fuser, out) for spec, fuser in fusers]
    return [
        Candidates(fuser=c.fuser, fingerprint=c.fingerprint, folder=c.folder, absent=frozenset(absent[c.fuser]))
        for c in pool
    ]


def make_candidates(
    samples: Sequence[Sample],
    fusers: Sequence[tuple[str, Fuser]],
    out: Path,
    *,
    missing: Missing = "error",
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> list[Candidates]:
    """Fuse every pair by every fuser, leaving out what is already there.

    Args:
        samples: The training pairs.
        fusers: (what the user wrote, ready fuser), in the order in which ties are decided later.
        out: Folder of the prior.
        missing: See `plan_candidates`.
        workers: Open worker processes; None: in this process.
        progress: A running rich progress display, or None for silence.

    Raises:
        SettingsError, DatasetError: see `plan_candidates`.
        ImageError: a pair cannot be read or fused.
    """
    pool = plan_candidates(samples, fusers, out, missing=missing)
    # Folders of images first: one of the wrong size is found before a network has worked for hours.
    for candidates, (spec, fuser) in sorted(
        zip(pool, fusers, strict=True), key=lambda pair: not isinstance(pair[1][1], ImportedFolder)
    ):
        make_dir(candidates.folder)
        wanted = [sample for sample in samples if sample.id not in candidates.absent]
        waiting = [sample for sample in wanted if not candidates.path(sample.id).is_file()]
        source = (spec, str(fuser.device)) if workers and workers.are_processes else fuser
        done = count_on(progress, f"fusing {spec}", total=len(wanted), finished=len(wanted) - len(waiting))
        (workers or Workers()).map(partial(_fuse_one, source, candidates), waiting, done=done)
    return pool


def native_colour(fused: Tensor, visible: Tensor) -> Tensor:
    """The fused image as it is to be stored: its luma where the pair is grey, else RGB.

    Args:
        fused: (1, 3, H, W) RGB in [0, 1].
        visible: The visible source, likewise.

    Returns:
        (1, 1, H, W) where the visible image has no colour and the fused one differs from grey by less than an 8-bit
        level, which is what rounding in the colour conversion leaves; otherwise `fused`.
    """
    grey_pair = bool((visible == visible[:, :1]).all())
    spread = float((fused.amax(dim=1) - fused.amin(dim=1)).max())
    return rgb_to_y(fused) if grey_pair and spread < ONE_LEVEL else fused


def _fuse_one(fuser: Fuser | tuple[str, str], candidates: Candidates, sample: Sample) -> None:
    ready = _build_once(*fuser) if isinstance(fuser, tuple) else fuser
    visible, infrared = read_sample(sample)
    fused = ready.fuse(visible, infrared, ids=[sample.id])
    write_image(candidates.path(sample.id), native_colour(fused, visible))


@lru_cache(maxsize=1)
def _build_once(spec: str, device: str) -> Fuser:
    """A worker's own fuser; the one before it is let go."""
    return build_fuser(spec, device=device)
