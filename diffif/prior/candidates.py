"""The pool: the luma of every fuser's result for every training pair, as 8-bit PNG.

    <out>/candidates/<fuser>-<fingerprint>/<id>.png

8 bit, because the published priors are image files too, and because a search over files can be repeated by anyone.
Finished images are kept over restarts; a fuser whose settings or weights change gets a folder of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from datasets.atomic import make_dir
from datasets.base import Sample
from datasets.errors import SettingsError
from datasets.images import read_pair, rgb_to_y, write_image
from diffif.fusers.base import Fuser


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """One fuser's results for all training pairs."""

    fuser: str
    """What the user wrote after --fuser."""
    fingerprint: str
    folder: Path

    def path(self, sample_id: str) -> Path:
        """The candidate's file of one pair."""
        return self.folder / f"{sample_id}.png"


def candidates_of(spec: str, fuser: Fuser, out: Path) -> Candidates:
    """Where the candidates of one fuser lie, whether or not they are there yet."""
    safe = re.sub(r"[^A-Za-z0-9+._-]+", "_", spec)[:60]
    folder = out / "candidates" / f"{safe}-{fuser.fingerprint}"
    return Candidates(fuser=spec, fingerprint=fuser.fingerprint, folder=folder)


def make_candidates(
    samples: Sequence[Sample], fusers: Sequence[tuple[str, Fuser]], out: Path, *, progress: Progress | None = None
) -> list[Candidates]:
    """Fuse every pair by every fuser, leaving out what is already there.

    Args:
        samples: The training pairs.
        fusers: (what the user wrote, ready fuser), in the order in which ties are decided later.
        out: Folder of the prior.
        progress: A running rich progress display, or None for silence.

    Raises:
        SettingsError: fewer than one fuser, or one named twice.
        ImageError: a pair cannot be read or fused.
    """
    names = [spec for spec, _ in fusers]
    if not names or len(set(names)) != len(names):
        raise SettingsError(f"a pool needs at least one fuser and each only once, got: {', '.join(names) or 'none'}")
    pool = []
    for spec, fuser in fusers:
        candidates = candidates_of(spec, fuser, out)
        make_dir(candidates.folder)
        missing = [sample for sample in samples if not candidates.path(sample.id).is_file()]
        task = progress.add_task(f"fusing {spec}", total=len(samples)) if progress else None
        if progress and task is not None:
            progress.advance(task, len(samples) - len(missing))
        for sample in missing:
            visible, infrared = read_pair(sample.visible, sample.infrared)
            write_image(candidates.path(sample.id), rgb_to_y(fuser.fuse(visible, infrared, ids=[sample.id])))
            if progress and task is not None:
                progress.advance(task)
        pool.append(candidates)
    return pool
