"""Targeted search: of each pair's candidates, the one that serves the goal best becomes its fusion knowledge prior.

Scores are computed on luma; the chosen image keeps its colour. A candidate with an undefined score never wins; a pair
whose whole pool is undefined is an error, not a silent gap. Candidates of exactly one score are a tie, which the
earlier one wins and which is counted.

    <out>/Fusion_K/<id>.png   the prior: the chosen candidate's pixels, one channel where pair and candidate are grey
    <out>/scores.parquet      every candidate of every pair: its scores, whether it won, whether it tied
    <out>/summary.csv         wins and mean scores, see `summary.py`
    <out>/search.json         settings, pool and counts behind it
    <out>/scores/<id>.json    one pair's metric values: what a restart, other weights or a larger pool reuse
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from rich.progress import Progress
from torch import Tensor

from datasets.base import Sample
from datasets.images import read_image, read_sample, rgb_to_y, write_image
from diffif.prior.candidates import Candidates
from diffif.prior.goal import SearchSettings, measure, weighted_sum
from diffif.prior.summary import summarise
from diffif.workers import Workers
from suite.errors import DatasetError, list_offenders
from suite.files import write_file, write_text
from suite.progress import count_on
from suite.settings import to_mapping

PRIOR_FOLDER = "Fusion_K"
ORIGIN = "search.json"
COLOURED = 1.5 / 255
"""Channels further apart than one 8-bit level, which rounding leaves in the result of a grey pair."""
AT_RANDOM = "uniformly at random"
SCORED, UNDEFINED, MISSING = "scored", "undefined", "missing"

CandidateRow = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """What a search found."""

    table: pd.DataFrame
    """One row per pair and candidate: `id, candidate, status, <terms of the goal>, score, chosen, tied`."""
    num_kept: int
    """Pairs of which every value was known from an earlier search."""


def search(
    samples: Sequence[Sample],
    pool: Sequence[Candidates],
    out: Path,
    settings: SearchSettings | None = None,
    *,
    workers: Workers | None = None,
    progress: Progress | bool = False,
) -> SearchResult:
    """Choose the prior of every pair by its scores.

    Args:
        samples: The training pairs.
        pool: Their candidates; the earlier one wins a tie.
        out: Folder of the prior.
        settings: Weights and convention.
        workers: Open worker processes; None: in this process.
        progress: A running rich progress display, or False for silence.

    Raises:
        DatasetError: a candidate is missing or of another size; or, after all other pairs are done, pairs whose whole
            pool is undefined: lists up to ten.
        SettingsError: a score function of the user's own failed.
    """
    settings = settings or SearchSettings()
    job = partial(_search_pair, tuple(pool), out, settings, settings.keys())
    with count_on(progress, "targeted search", total=len(samples)) as advance:
        found = (workers or Workers()).map(job, samples, done=advance)
    table = pd.DataFrame([row for rows, _ in found for row in rows])
    _write_tables(table, out)
    ties = table[table["chosen"] & table["tied"]]
    counts = {
        "ties": len(ties),
        "undefined": int((table["status"] == UNDEFINED).sum()),
        "missing": int((table["status"] == MISSING).sum()),
    }
    _write_origin(samples, pool, out, {"choice": "targeted search", "settings": to_mapping(settings), **counts})
    _refuse_undecided(samples, table)
    return SearchResult(table=table, num_kept=sum(kept for _, kept in found))


def draw(samples: Sequence[Sample], pool: Sequence[Candidates], out: Path, *, seed: int = 0) -> pd.DataFrame:
    """Choose every pair's prior uniformly at random: the ablation `no-search`.

    Each pair's draw depends on its id, its candidates and the seed only.

    Returns:
        One row per pair and candidate: `id, candidate, status, chosen`.
    """
    rows: list[CandidateRow] = []
    for sample in samples:
        present = [candidates for candidates in pool if sample.id not in candidates.absent]
        drawn = random.Random(f"{seed} {sample.id}").choice(present) if present else None
        if drawn:
            _publish(sample, drawn, out)
        rows += [
            {
                "id": sample.id,
                "candidate": candidates.fuser,
                "status": MISSING if sample.id in candidates.absent else SCORED,
                "chosen": candidates is drawn,
            }
            for candidates in pool
        ]
    table = pd.DataFrame(rows)
    _write_tables(table, out)
    _write_origin(samples, pool, out, {"choice": AT_RANDOM, "seed": seed})
    return table


def _search_pair(
    pool: Sequence[Candidates], out: Path, settings: SearchSettings, keys: Mapping[str, str], sample: Sample
) -> tuple[list[CandidateRow], bool]:
    """One pair's rows, and whether all its values were known before; publishes its prior."""
    values, kept = _values_of(sample, pool, out / "scores" / f"{sample.id}.json", settings, keys)
    goals = [weighted_sum(settings, one) if one else math.nan for one in values]
    defined = [goal for goal in goals if not math.isnan(goal)]
    best = max(defined, default=math.nan)
    winners = [place for place, goal in enumerate(goals) if goal == best]
    if winners:
        _publish(sample, pool[winners[0]], out)
    rows = []
    for place, candidates in enumerate(pool):
        status = MISSING if not values[place] else UNDEFINED if math.isnan(goals[place]) else SCORED
        terms = {name: values[place].get(name, math.nan) for name in settings.weights}
        decided = {"chosen": winners[:1] == [place], "tied": len(winners) > 1 and place in winners}
        rows.append(
            {
                "id": sample.id,
                "candidate": candidates.fuser,
                "status": status,
                **terms,
                "score": goals[place],
                **decided,
            }
        )
    return rows, kept


def _values_of(
    sample: Sample, pool: Sequence[Candidates], cache: Path, settings: SearchSettings, keys: Mapping[str, str]
) -> tuple[list[dict[str, float]], bool]:
    """Each candidate's value of each term, {} where the candidate is missing; from the cache as far as it reaches."""
    known: dict[str, dict[str, float]] = json.loads(cache.read_text(encoding="utf-8")) if cache.is_file() else {}
    present = [candidates for candidates in pool if sample.id not in candidates.absent]
    new = [c for c in present if not all(key in known.get(c.key, {}) for key in keys.values())]
    if new:
        visible, infrared = read_sample(sample)
        fused = torch.cat([_read_candidate(sample, candidates, infrared.shape[-2:]) for candidates in new])
        measured = measure(settings, fused, rgb_to_y(visible), infrared, where=sample.id)
        for place, candidates in enumerate(new):
            row = known.setdefault(candidates.key, {})
            row |= {key: float(measured[name][place]) for name, key in keys.items()}
        write_text(cache, json.dumps(known))
    values = [
        {name: known[c.key][key] for name, key in keys.items()} if sample.id not in c.absent else {} for c in pool
    ]
    return values, not new


def _read_candidate(sample: Sample, candidates: Candidates, size: torch.Size) -> Tensor:
    path = candidates.path(sample.id)
    if not path.is_file():
        raise DatasetError(
            f"{sample.id}: no candidate {path}. Delete the folder {path.parents[1]} and run the same search again; it "
            "makes what is missing."
        )
    image = read_image(path, "grey")
    if image.shape[-2:] != size:
        raise DatasetError(
            f"{path} is {image.shape[-2]}x{image.shape[-1]} (HxW), its pair {size[0]}x{size[1]}. "
            f"Candidates must have the size of their pair; leave {candidates.fuser} out or resize its images."
        )
    return image


def _refuse_undecided(samples: Sequence[Sample], table: pd.DataFrame) -> None:
    decided = set(table.loc[table["chosen"], "id"])
    undecided = [sample for sample in samples if sample.id not in decided]
    if undecided:
        lines = [f"{sample.id}: {sample.visible}, {sample.infrared}" for sample in undecided]
        raise DatasetError(
            f"{len(undecided)} of {len(samples)} pairs have no prior: every candidate's score is undefined (nan), "
            f"probably because a source image is constant:\n{list_offenders(lines)}\n"
            "All other pairs have theirs. Replace these images, leave the pairs out, or choose other --weights."
        )


def _publish(sample: Sample, chosen: Candidates, out: Path) -> None:
    source, target = chosen.path(sample.id), out / PRIOR_FOLDER / f"{sample.id}.png"
    image = read_image(source, "rgb")
    if float((image.amax(dim=1) - image.amin(dim=1)).max()) < COLOURED and _is_grey(sample):
        write_image(target, rgb_to_y(image))
        return
    with write_file(target) as temporary:
        shutil.copyfile(source, temporary)


def _is_grey(sample: Sample) -> bool:
    visible, _ = read_sample(sample)
    return bool((visible == visible[:, :1]).all())


def _write_tables(table: pd.DataFrame, out: Path) -> None:
    with write_file(out / "scores.parquet") as temporary:
        table.to_parquet(temporary, index=False)
    with write_file(out / "summary.csv") as temporary:
        summarise(table).to_csv(temporary, index=False)


def _write_origin(samples: Sequence[Sample], pool: Sequence[Candidates], out: Path, how: dict[str, object]) -> None:
    origin = {
        **how,
        "pool": {c.fuser: c.fingerprint for c in pool},
        "folders": {c.fuser: os.path.relpath(c.folder, out) for c in pool},
        "num_pairs": len(samples),
    }
    write_text(out / ORIGIN, json.dumps(origin, indent=1))
