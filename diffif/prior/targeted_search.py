"""Targeted search: of each pair's candidates, the one that serves the goal best becomes its fusion knowledge prior.

The goal is a weighted sum of image metrics, by default 2 SSIM + 1 VIF + 3 Qabf (Yi et al., Diff-IF, Information Fusion
2024, section 3.2), in the `standard` convention. A candidate with an undefined (nan) score never wins; a pair whose
whole pool is undefined is an error, not a silent gap.

    <out>/Fusion_K/<id>.png   the prior, 8-bit luma
    <out>/scores.csv          every candidate's scores, and which one won
    <out>/summary.csv         wins and mean scores by candidate
    <out>/search.json         settings, pool and data behind it
    <out>/scores/<id>.json    one pair's scores: what a restart does not compute again
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from rich.progress import Progress

from datasets.atomic import write_file, write_text
from datasets.base import Sample
from datasets.errors import DatasetError, SettingsError
from datasets.images import read_array, read_image, read_pair, rgb_to_y, to_tensor, write_image
from datasets.settings import fingerprint, to_mapping
from diffif.metrics import Sources
from diffif.prior.candidates import Candidates

PRIOR_FOLDER = "Fusion_K"


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """What the search maximises."""

    ssim: float = 2.0
    """Weight of SSIM, summed over both sources."""
    vif: float = 1.0
    """Weight of VIF, summed over both sources."""
    qabf: float = 3.0
    """Weight of Qabf."""
    convention: str = "standard"
    """Definition of the metrics; see docs/metrics.md."""

    def __post_init__(self) -> None:
        if max(self.ssim, self.vif, self.qabf) <= 0 or min(self.ssim, self.vif, self.qabf) < 0:
            raise SettingsError(
                "search weights must not be negative and not all 0, got "
                f"ssim={self.ssim} vif={self.vif} qabf={self.qabf}"
            )

    @property
    def weights(self) -> dict[str, float]:
        """Metric name to weight, without those of weight 0."""
        return {name: getattr(self, name) for name in ("ssim", "vif", "qabf") if getattr(self, name) > 0}


def search(
    samples: Sequence[Sample],
    pool: Sequence[Candidates],
    out: Path,
    settings: SearchSettings | None = None,
    *,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Choose the prior of every pair by its scores.

    Args:
        samples: The training pairs.
        pool: Their candidates, complete; the earlier one wins a tie.
        out: Folder of the prior.
        settings: Weights and convention.
        progress: A running rich progress display, or None.

    Returns:
        One row per pair and candidate: `id, candidate, ssim, vif, qabf, score, chosen`.

    Raises:
        DatasetError: a candidate is missing or of another size, or a pair's whole pool is undefined.
    """
    settings = settings or SearchSettings()
    key = fingerprint({"settings": to_mapping(settings), "pool": [(c.fuser, c.fingerprint) for c in pool]})
    task = progress.add_task("targeted search", total=len(samples)) if progress else None
    rows: list[dict[str, object]] = []
    for sample in samples:
        scores = _scores_of(sample, pool, out / "scores" / f"{sample.id}.json", settings, key)
        best = _best(sample, scores)
        _publish(sample, pool[best], out)
        rows += [
            {"id": sample.id, "candidate": candidates.fuser, **scores[i], "chosen": i == best}
            for i, candidates in enumerate(pool)
        ]
        if progress and task is not None:
            progress.advance(task)
    table = pd.DataFrame(rows)
    _write_tables(table, out)
    _write_origin(samples, pool, out, {"choice": "targeted search", "settings": to_mapping(settings)})
    return table


def draw(samples: Sequence[Sample], pool: Sequence[Candidates], out: Path, *, seed: int = 0) -> pd.DataFrame:
    """Choose every pair's prior uniformly at random: the ablation `no-search`.

    Each pair's draw depends on its id and the seed only.

    Returns:
        One row per pair and candidate: `id, candidate, chosen`.
    """
    rows: list[dict[str, object]] = []
    for sample in samples:
        drawn = random.Random(f"{seed} {sample.id}").randrange(len(pool))
        _publish(sample, pool[drawn], out)
        rows += [{"id": sample.id, "candidate": c.fuser, "chosen": i == drawn} for i, c in enumerate(pool)]
    table = pd.DataFrame(rows)
    _write_tables(table, out)
    _write_origin(samples, pool, out, {"choice": "uniformly at random", "seed": seed})
    return table


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Wins and mean scores of each candidate, most wins first; columns `candidate, wins, share, ...means`."""
    scores = [c for c in table.columns if c not in ("id", "candidate", "chosen")]
    grouped = table.groupby("candidate", sort=False)
    summary = pd.concat([grouped["chosen"].sum().rename("wins"), grouped[scores].mean()], axis=1).reset_index()
    summary.insert(2, "share", summary["wins"] / max(int(table["id"].nunique()), 1))
    return summary.sort_values("wins", ascending=False, kind="stable").reset_index(drop=True)


def _scores_of(
    sample: Sample, pool: Sequence[Candidates], cache: Path, settings: SearchSettings, key: str
) -> list[dict[str, float]]:
    if cache.is_file():
        known = json.loads(cache.read_text(encoding="utf-8"))
        if known["key"] == key:
            return [{k: float("nan") if v is None else v for k, v in row.items()} for row in known["scores"]]
    visible, infrared = read_pair(sample.visible, sample.infrared)
    fused = torch.cat([_read_candidate(sample, candidates, infrared.shape[-2:]) for candidates in pool])
    sources = Sources(rgb_to_y(visible), infrared, convention=settings.convention)
    values = sources.score(fused, metrics=tuple(settings.weights))
    total = torch.stack([weight * values[name] for name, weight in settings.weights.items()]).sum(dim=0)
    scores = [
        {**{name: float(values[name][i]) for name in settings.weights}, "score": float(total[i])}
        for i in range(len(pool))
    ]
    stored = [{k: None if v != v else v for k, v in row.items()} for row in scores]
    write_text(cache, json.dumps({"key": key, "scores": stored}))
    return scores


def _read_candidate(sample: Sample, candidates: Candidates, size: torch.Size) -> torch.Tensor:
    path = candidates.path(sample.id)
    if not path.is_file():
        raise DatasetError(f"{sample.id}: no candidate {path}. Run the same search again; it makes what is missing.")
    image = read_image(path, "grey")
    if image.shape[-2:] != size:
        raise DatasetError(
            f"{path} is {image.shape[-2]}x{image.shape[-1]} (HxW), its pair {size[0]}x{size[1]}. "
            f"Candidates must have the size of their pair; leave {candidates.fuser} out or resize its images."
        )
    return image


def _best(sample: Sample, scores: Sequence[dict[str, float]]) -> int:
    # Not "start from -1": an all-nan pool would then keep no candidate and nobody would notice.
    defined = [i for i, row in enumerate(scores) if row["score"] == row["score"]]
    if not defined:
        raise DatasetError(
            f"{sample.id}: every candidate's score is undefined (nan), probably because a source image is constant. "
            f"Check {sample.visible} and {sample.infrared}, or leave the pair out."
        )
    return max(defined, key=lambda i: scores[i]["score"])


def _publish(sample: Sample, chosen: Candidates, out: Path) -> None:
    target = out / PRIOR_FOLDER / f"{sample.id}.png"
    write_image(target, to_tensor(read_array(chosen.path(sample.id)), "grey"))


def _write_tables(table: pd.DataFrame, out: Path) -> None:
    for name, content in (("scores.csv", table), ("summary.csv", summarise(table))):
        with write_file(out / name) as temporary:
            content.to_csv(temporary, index=False)


def _write_origin(samples: Sequence[Sample], pool: Sequence[Candidates], out: Path, how: dict[str, object]) -> None:
    origin = {**how, "pool": {c.fuser: c.fingerprint for c in pool}, "num_pairs": len(samples)}
    write_text(out / "search.json", json.dumps(origin, indent=1))
