"""Results of one method in the form that the Hugging Face Hub reads from a model's repository: `.eval_results/*.yaml`.

One file per task and protocol, one entry per number: which benchmark (a data set of the Hub), which of its tasks, the
value, the date, and how it was made. The data set declares its tasks in an `eval.yaml`, which is written beside them.
Nothing is sent anywhere. Format: huggingface.co/docs/hub/eval-results, as `huggingface_hub` 1.4 and later read it.
"""

from __future__ import annotations

import importlib.metadata
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from reports.collect import Context, collect
from suite.errors import ResultError, SettingsError, UnknownName
from suite.files import write_text
from suite.records import Record

if TYPE_CHECKING:
    import pandas as pd

FOLDER = ".eval_results"
BENCHMARK_FILE = "eval.yaml"
FRAMEWORK = "diffif-bench"
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
USUAL_PROTOCOLS = ("", "retrain")
"""Protocols that a task's name need not say."""


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """The data set of the Hub that the results belong to."""

    dataset_id: str
    """OWNER/NAME on the Hub."""
    revision: str = ""
    """Commit of that repository; left out where empty."""
    source_url: str = ""
    """Where the records or the report are published; left out where empty."""

    def __post_init__(self) -> None:
        if not HUB_NAME.fullmatch(self.dataset_id):
            raise SettingsError(f"--dataset-id must be OWNER/NAME of a data set of the Hub, got {self.dataset_id!r}")
        if self.source_url and not self.source_url.startswith("https://"):
            raise SettingsError(f"--source-url must begin with https://, got {self.source_url!r}")


def write_eval_results(workdir: Path, method: str, benchmark: Benchmark, out: Path, *, dataset: str = "") -> list[Path]:
    """Write the files of one method.

    Args:
        workdir: The folder that holds `cells/`.
        method: As the report names it: the fuser, with its variant where it has one.
        benchmark: What the numbers belong to.
        out: Folder to write `.eval_results/` and `eval.yaml` into.
        dataset: The data set of the records; may be empty where they have only one.

    Returns:
        The files, `eval.yaml` last.

    Raises:
        UnknownName: no records of this method, or of this data set.
        SettingsError: the records have several data sets, and none was chosen.
        ResultError: no readable record, or no number to write.
    """
    collection = collect(workdir)
    rows = _one_dataset(collection.rows, dataset)
    known = sorted(set(rows["method"]))
    if method not in known:
        raise UnknownName("method", method, known=known)
    # Corrupted sources are a study of robustness, and classes and evidence are parts of a number.
    rows = rows[(rows["method"] == method) & (rows["condition"] == "") & ~rows["metric"].str.contains("/")]
    written: list[Path] = []
    tasks: dict[str, str] = {}
    for key, group in rows.groupby(list(Context._fields), sort=True):
        context = Context(*map(str, key))
        entries = _entries(group, context, benchmark, collection.records)
        if entries:
            written.append(out / FOLDER / f"{context.slug}.yaml")
            write_text(written[-1], yaml.safe_dump(entries, sort_keys=False))
            tasks |= {entry["dataset"]["task_id"]: context.split for entry in entries}
    if not written:
        raise ResultError(f"{method} has no finite number on clean images in {workdir}. Run a task first.")
    written.append(out / BENCHMARK_FILE)
    write_text(written[-1], yaml.safe_dump(_declaration(benchmark, tasks), sort_keys=False))
    return written


def _one_dataset(rows: pd.DataFrame, dataset: str) -> pd.DataFrame:
    known = sorted(set(rows["dataset"]) - {"none", ""})
    if dataset and dataset not in known:
        raise UnknownName("data set", dataset, known=known)
    if not dataset and len(known) > 1:
        raise SettingsError(f"the records are of several data sets: {', '.join(known)}. Choose one: --dataset NAME")
    return rows[rows["dataset"] == (dataset or known[0])] if known else rows


def _entries(
    rows: pd.DataFrame, context: Context, benchmark: Benchmark, records: Mapping[str, Record]
) -> list[dict[str, Any]]:
    """One entry per metric, in the order of the records."""
    found = []
    for metric, group in rows.groupby("metric", sort=False):
        values = [float(value) for value in group["value"]]
        if not all(map(math.isfinite, values)):
            continue
        used = [records[cell] for cell in dict.fromkeys(group["cell"])]
        entry: dict[str, Any] = {
            "dataset": {"id": benchmark.dataset_id, "task_id": task_id(context, str(metric))},
            "value": sum(values) / len(values),
            "date": max(record.started for record in used),
        }
        if benchmark.revision:
            entry["dataset"]["revision"] = benchmark.revision
        if benchmark.source_url:
            entry["source"] = {"url": benchmark.source_url, "name": "Diff-IF Bench report"}
        found.append({**entry, "notes": _notes(group, context, values)})
    return found


def task_id(context: Context, metric: str) -> str:
    """The name of a benchmark's task: "detect-map50", "detect-frozen-visible-map50".

    >>> task_id(Context("llvip", "test", "detect", "retrain", ""), "map50")
    'detect-map50'
    """
    protocol = [] if context.protocol in USUAL_PROTOCOLS else [context.protocol]
    return re.sub(r"[^a-z0-9_]+", "-", "-".join([context.task, *protocol, metric]).lower()).strip("-")


def _notes(rows: pd.DataFrame, context: Context, values: Sequence[float]) -> str:
    row = rows.iloc[0]
    unit = "a fraction of 1" if row["unit"] == "fraction" else row["unit"]
    parts = [f"{row['label']}{f', {unit}' if unit else ''}", f"{context.split} split, {int(row['n'])} images"]
    if len(values) > 1:
        seeds = " ".join(str(int(seed)) for seed in rows["seed"])
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
        parts.append(f"mean of {len(values)} trainings (seeds {seeds}), standard deviation {spread:.4g}")
    elif math.isfinite(row["ci_low"]) and math.isfinite(row["ci_high"]):
        parts.append(f"95 % interval over images {row['ci_low']:.4g} to {row['ci_high']:.4g}")
    parts += [text for text in (context.protocol and f"protocol {context.protocol}", context.setup) if text]
    parts.append(f"{FRAMEWORK} {importlib.metadata.version(FRAMEWORK)}, cells {' '.join(dict.fromkeys(rows['cell']))}")
    return "; ".join(parts)


def _declaration(benchmark: Benchmark, tasks: Mapping[str, str]) -> dict[str, Any]:
    """The `eval.yaml` of the data set's own repository."""
    return {
        "name": f"{benchmark.dataset_id.partition('/')[2]} by Diff-IF Bench",
        "description": "Which fused image serves its user best? Detection, segmentation, image metrics and cost.",
        "evaluation_framework": FRAMEWORK,
        "tasks": [{"id": task, "config": "default", "split": split} for task, split in sorted(tasks.items())],
    }
