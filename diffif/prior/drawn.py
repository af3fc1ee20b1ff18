"""The ablation `no-search`: each pair's prior is drawn from the pool that a search had to choose from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets.base import Sample
from diffif.prior.candidates import Candidates, candidate_key
from diffif.prior.targeted_search import AT_RANDOM, ORIGIN, PRIOR_FOLDER, draw
from suite.errors import SettingsError

REMEDY = "Make a pool and a search first: python -m diffif search --out PRIOR ...; then --prior PRIOR/Fusion_K."


def drawn_prior(prior: Path, samples: Sequence[Sample], out: Path, *, seed: int) -> Path:
    """Draw the prior of every pair from the pool behind a searched one.

    Args:
        prior: `Fusion_K` of a search, which says where its candidates lie; one that was drawn is taken as it is.
        samples: The training pairs.
        out: Folder for the drawn prior.
        seed: Of the draw.

    Returns:
        The folder of the drawn images.

    Raises:
        SettingsError: nothing says what the pool was, or its candidates are gone.
    """
    origin = read_origin(prior)
    if origin.get("choice") == AT_RANDOM:
        return prior
    there = [one for one in pool_of(prior) if one.folder.is_dir()]
    if not there:
        raise SettingsError(f"the variant no-search draws from a pool of candidates, and {prior} has none. {REMEDY}")
    lacking = [frozenset(s.id for s in samples if not one.path(s.id).is_file()) for one in there]
    draw(samples, [replace(one, absent=absent) for one, absent in zip(there, lacking, strict=True)], out, seed=seed)
    return out / PRIOR_FOLDER


def pool_of(prior: Path) -> list[Candidates]:
    """The candidates that a prior was chosen from, as far as its search says; their folders may be gone."""
    origin, home = read_origin(prior), prior.resolve().parent
    pool: Mapping[str, str] = origin.get("pool", {})
    # Searches of earlier versions kept candidates in folders of their own.
    folders = origin.get("folders") or {spec: f"pool/{candidate_key(spec, mark)}" for spec, mark in pool.items()}
    return [
        Candidates(fuser=spec, fingerprint=mark, folder=(home / folders[spec]).resolve()) for spec, mark in pool.items()
    ]


def check_choice(variant: str, prior: Path) -> None:
    """Refuse a prior whose choice contradicts the variant that a training is said to be.

    Raises:
        SettingsError: `no-search` with a prior that was not drawn, or `full` with one that was.
    """
    drawn = read_origin(prior).get("choice") == AT_RANDOM
    if variant == "no-search" and not drawn:
        raise SettingsError(f"the variant no-search needs a prior that was drawn at random; {prior} was not. {REMEDY}")
    if variant == "full" and drawn:
        raise SettingsError(f"{prior} was drawn at random, which is the variant no-search: pass --variant no-search.")


def read_origin(prior: Path) -> dict[str, Any]:
    """How a prior was chosen, and from which pool; empty for images that no search of ours made."""
    path = prior.resolve().parent / ORIGIN
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found
