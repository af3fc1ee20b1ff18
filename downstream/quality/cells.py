"""The cells of a quality run: fuse, score every fused image against its sources, record."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.base import PairedDataset, Sample
from datasets.images import read_image, read_sample
from diffif.fusers.base import Fuser
from diffif.fusers.fused_set import FusedSet, fuse_split
from downstream.ablation import NOT_VARIED, Ablation
from downstream.cost.quantities import QUANTITIES
from suite.files import make_dir
from suite.records import Quantity, Record, Row, cell_dir, cell_id, is_done, timed, utc_now, write_record
from suite.statistics.intervals import mean_interval

if TYPE_CHECKING:
    import pandas as pd

TASK = "quality"
MOST_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class QualityRun:
    """What all cells of one command share."""

    dataset: PairedDataset
    fusers: Mapping[str, Fuser]
    metrics: tuple[str, ...]
    convention: str
    workdir: Path
    device: str
    command: str
    resamples: int = 1000
    fuse_batch: int = 4
    ablation: Ablation = NOT_VARIED


def run_cell(run: QualityRun, spec: str) -> Path:
    """One fuser: its record's folder, computed now or before."""
    settings = cell_settings(run, spec)
    cell = cell_id(TASK, settings)
    if is_done(run.workdir, cell):
        print(f"{spec}: already done ({cell}).", flush=True)
        return cell_dir(run.workdir, cell)
    started, seconds = utc_now(), dict[str, float]()
    with timed(seconds, "fuse"):
        fused = fuse_split(run.dataset, run.fusers[spec], run.workdir, spec=spec, batch_size=run.fuse_batch)
    journal = run.workdir / "quality" / f"{cell}.partial.jsonl"
    with timed(seconds, "score"):
        per_image = _score_images(run, spec, fused, journal)
    seconds["fuse_per_image"] = fused.mean_seconds
    undefined = undefined_notes(per_image)
    for note in undefined:
        print(f"{spec}: {note}", flush=True)
    record = Record(
        cell_id=cell,
        task=TASK,
        settings=settings,
        rows=_rows(run, spec, per_image, fused),
        command=run.command,
        started=started,
        seconds=seconds,
        notes=(
            f"Metrics of the convention {run.convention!r}, on the fused images as stored (8 bit).",
            *undefined,
            *(f"{key}: {value}" for key, value in run.dataset.facts.items()),
        ),
    )
    folder = write_record(run.workdir, record, per_image=per_image)
    journal.unlink(missing_ok=True)
    return folder


def cell_settings(run: QualityRun, spec: str) -> dict[str, Any]:
    """Everything that determines the numbers of a cell, free of machine paths."""
    fuser = run.fusers[spec]
    return {
        "dataset": {
            "name": run.dataset.name,
            "split": run.dataset.split,
            "pairs": run.dataset.pairs_fingerprint,
            "count": len(run.dataset),
            "facts": dict(run.dataset.facts),
        },
        "fuser": {"name": fuser.name, "fingerprint": fuser.fingerprint, "settings": dict(fuser.settings)},
        "convention": run.convention,
        "metrics": list(run.metrics),
        "resamples": run.resamples,
        **run.ablation.cell_settings,
    }


def _score_images(run: QualityRun, spec: str, fused: FusedSet, journal: Path) -> pd.DataFrame:
    import pandas as pd
    from rich.progress import track

    make_dir(journal.parent)
    done = _read_journal(journal)
    missing = [sample for sample in run.dataset if sample.id not in done]
    with journal.open("a", encoding="utf-8") as log:
        for sample in track(missing, description=f"score {run.dataset.name}/{run.dataset.split} by {spec}"):
            done[sample.id] = score_sample(sample, fused, run)
            log.write(json.dumps([sample.id, done[sample.id]]) + "\n")
            log.flush()
    columns = [(sample.id, metric, done[sample.id][metric]) for metric in run.metrics for sample in run.dataset]
    return pd.DataFrame(columns, columns=["id", "metric", "value"])


def score_sample(sample: Sample, fused: FusedSet, run: QualityRun) -> dict[str, float]:
    """Every metric of one fused image; nan where it is undefined, `undefined_notes` says of how many images."""
    from diffif.metrics import UndefinedMetric, evaluate

    visible, infrared = read_sample(sample)
    image = read_image(fused.image(sample.id), "rgb")
    images = (tensor.to(run.device) for tensor in (image, visible, infrared))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetric)
        scores = evaluate(*images, metrics=run.metrics, convention=run.convention)
    return dict(zip(run.metrics, map(float, scores.values()), strict=True))


def undefined_notes(per_image: pd.DataFrame) -> tuple[str, ...]:
    """For each metric that is undefined for some images: which ones they are, up to ten."""
    notes = []
    for metric, rows in per_image[per_image["value"].isna()].groupby("metric", sort=False):
        number, of = len(rows), int((per_image["metric"] == metric).sum())
        named = ", ".join(rows["id"].head(MOST_NAMED)) + (", and more" if number > MOST_NAMED else "")
        notes.append(f"{metric} is undefined for {number} of {of} images, which are left out of its mean: {named}.")
    return tuple(notes)


def _read_journal(journal: Path) -> dict[str, dict[str, float]]:
    if not journal.is_file():
        return {}
    text = journal.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        # The last line was cut by a kill.
        journal.write_text(whole, encoding="utf-8")
    return {sample_id: values for sample_id, values in map(json.loads, whole.splitlines())}


def _rows(run: QualityRun, spec: str, per_image: pd.DataFrame, fused: FusedSet) -> tuple[Row, ...]:
    row = partial(
        Row,
        dataset=run.dataset.name,
        split=run.dataset.split,
        task=TASK,
        fuser=spec,
        variant=run.ablation.variant,
        seed=run.ablation.seed,
    )
    rows = []
    for metric in run.metrics:
        values = per_image.loc[per_image["metric"] == metric, "value"].to_numpy(dtype=float)
        known = int((values == values).sum())
        low, high = mean_interval(values)
        mean = float(per_image.loc[per_image["metric"] == metric, "value"].mean())
        quantity = asdict(quantity_of(metric, run.convention))
        rows.append(row(metric=metric, value=mean, ci_low=low, ci_high=high, n=known, **quantity))
    fuser = run.fusers[spec]
    extras = {
        "ms": 1000 * fused.mean_seconds if fuser.computes else math.nan,
        "parameters": math.nan if fuser.num_parameters is None else float(fuser.num_parameters),
    }
    for metric, value in extras.items():
        # No direction: facts beside the scores, not part of any ranking.
        fact = replace(QUANTITIES[metric], higher_is_better=None)
        rows.append(row(metric=metric, value=value, n=len(run.dataset), **asdict(fact)))
    return tuple(rows)


def quantity_of(metric: str, convention: str) -> Quantity:
    """Label, unit and direction of a fusion metric, as the metric itself states them."""
    from diffif.metrics import get_convention, get_metric

    stated = get_metric(metric)
    unit = stated.unit_under(get_convention(convention))
    return Quantity(label=stated.label, unit=unit, higher_is_better=stated.higher_is_better, ideal=stated.ideal)


def run_cells(run: QualityRun, specs: Sequence[str]) -> list[Path]:
    """Every fuser."""
    return [run_cell(run, spec) for spec in specs]
