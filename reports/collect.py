"""A working folder's records, put in order: which belong together, which are superseded, which are missing.

Nothing is averaged or tested here, and nothing is dropped without being listed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reports.labels import BASELINES, TASK_ORDER, TASKS, Labels, dataset_label, method_label, slug, split_metric
from suite.errors import ResultError, WorkdirError
from suite.pending import Pending, PendingCell, read_pending
from suite.records import Record, read_record, record_dirs, rows_table
from suite.statistics.scored import RecordScores

if TYPE_CHECKING:
    import pandas as pd

METHOD_SETTINGS = frozenset({"method", "fuser", "variant", "seed", "metrics", "condition", "corrupted"})
"""Settings that name the method, the repetition or the corruption; all others together are the setup under which
methods compare."""
NO_SPLIT = "none"
"""The split of tasks without a dataset (cost)."""
DATASET_FACTS = "dataset.facts"


class Context(NamedTuple):
    """What must be equal for two methods' numbers to be comparable."""

    dataset: str
    split: str
    task: str
    protocol: str
    """"retrain", "frozen-visible" ...; empty where the task has only one."""
    setup: str
    """The settings that differ between otherwise equal contexts ("epochs=1, imgsz=320"); empty if there is one."""
    condition: str = ""
    """What was done to the sources; empty where they are clean."""

    @property
    def title(self) -> str:
        """Task, dataset and split in words."""
        tail = ", ".join(part for part in (self.split, *self[3:]) if part not in ("", NO_SPLIT))
        head = f"{TASKS.get(self.task, self.task)} on {dataset_label(self.dataset)}"
        return f"{head} ({tail})" if tail else head

    @property
    def manner(self) -> str:
        """Protocol, setup and condition in brackets, to follow a name; empty where there is one of each."""
        told = ", ".join(part for part in (self.protocol, self.setup, self.condition) if part)
        return f" ({told})" if told else ""

    @property
    def place(self) -> str:
        """The dataset in words, with its split unless that is test."""
        return dataset_label(self.dataset) + ("" if self.split in ("", NO_SPLIT, "test") else f" {self.split}")

    @property
    def slug(self) -> str:
        """A name for files and anchors."""
        joined = "-".join(part for part in self if part)
        return slug(joined).strip("-")


@dataclass(frozen=True)
class Collection:
    """Everything the report is made from."""

    name: str
    """Name of the working folder, without its parents."""
    records: Mapping[str, Record]
    """Records in use, by cell id."""
    rows: pd.DataFrame
    """One line per number: the fields of `Row`, and cell, primary, method, setup."""
    per_image: pd.DataFrame
    """cell, dataset, split, task, protocol, setup, method, seed, id, metric, value."""
    scores: Mapping[str, RecordScores]
    """The same records with what lies beside them, by cell id."""
    pending: Pending = field(default_factory=Pending)
    """Cells that are not finished yet."""
    superseded: tuple[Record, ...] = ()
    """Older records whose place a newer one took (same method, context and seed)."""
    damaged: tuple[str, ...] = ()
    """Why records could not be read, one message each."""

    @property
    def contexts(self) -> list[Context]:
        """All contexts, by task, dataset, split."""
        found = self.rows[list(Context._fields)].drop_duplicates().itertuples(index=False)
        return sorted((Context(*c) for c in found), key=lambda c: (_task_place(c.task), *c))

    @property
    def owners(self) -> dict[str, tuple[Context, str]]:
        """The context and the method of each record in use."""
        first = self.rows.drop_duplicates("cell")
        columns = [first[name].astype(str) for name in ("cell", *Context._fields, "method")]
        return {cell: (Context(*parts[:-1]), parts[-1]) for cell, *parts in zip(*columns, strict=True)}

    @property
    def methods(self) -> list[str]:
        """All methods: sources first, then by name, each followed by its variants."""
        pairs = self.rows[["fuser", "variant", "method"]].drop_duplicates().itertuples(index=False)
        order = sorted(pairs, key=lambda p: (p.fuser not in BASELINES, p.fuser, p.variant != "full", p.variant))
        return [p.method for p in order]

    @property
    def labels(self) -> Labels:
        """How the metrics are shown."""
        stated = self.rows.drop_duplicates(["metric", "label", "unit"])
        stems = [split_metric(str(key))[0] for key in stated["metric"]]
        return Labels(dict(zip(stems, zip(stated["label"], stated["unit"], strict=True), strict=True)))

    def pending_in(self, context: Context) -> dict[str, list[PendingCell]]:
        """The unfinished cells of one context, by method; a cell does not know the setup of its context."""
        found: dict[str, list[PendingCell]] = {}
        for cell in self.pending.cells:
            if (cell.task, cell.dataset, cell.condition) == (context.task, context.dataset, context.condition):
                found.setdefault(method_label(cell.fuser, cell.variant), []).append(cell)
        return found

    def in_context(self, context: Context) -> pd.DataFrame:
        """The rows of one context."""
        rows = self.rows
        return rows[(rows[list(Context._fields)] == list(context)).all(axis=1)]

    def images_in(self, context: Context) -> pd.DataFrame:
        """The per-image rows of one context."""
        rows = self.per_image
        return rows[(rows[list(Context._fields)] == list(context)).all(axis=1)]


def collect(workdir: Path) -> Collection:
    """Read every record of a working folder.

    Raises:
        WorkdirError: the folder does not exist.
        ResultError: it holds no readable record; says how to make one.
    """
    if not workdir.is_dir():
        raise WorkdirError(
            f"no working folder at {workdir}. Run a task first: python -m downstream.detect --fuser diffif"
        )
    records, damaged = _read_all(workdir)
    if not records:
        reasons = "".join(f"\n  {message}" for message in damaged)
        raise ResultError(
            f"no readable result record under {workdir / 'cells'}.{reasons} "
            "Run a task first: python -m downstream.detect --fuser diffif"
        )
    return collection_of(records, name=workdir.resolve().name, pending=read_pending(workdir), damaged=damaged)


def collection_of(
    records: Sequence[Record], *, name: str, pending: Pending | None = None, damaged: Sequence[str] = ()
) -> Collection:
    """Records, wherever they were read from, put in order.

    Args:
        records: At least one, each with rows.
        name: Shown as the title.
        pending: Cells that are not finished yet.
        damaged: Why further records could not be read.
    """
    current, superseded = _newest(list(records))
    rows = _rows(current)
    scores = {record.cell_id: RecordScores(record) for record in current}
    return Collection(
        name=name,
        records={record.cell_id: record for record in current},
        rows=rows,
        per_image=_per_image(scores, rows),
        scores=scores,
        pending=pending or Pending(),
        superseded=tuple(superseded),
        damaged=tuple(damaged),
    )


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted keys.

    >>> flatten({"a": {"b": 1}, "c": [2]})
    {'a.b': 1, 'c': [2]}
    """
    flat: dict[str, Any] = {}
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        flat.update(flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value})
    return flat


def _read_all(workdir: Path) -> tuple[list[Record], list[str]]:
    records, damaged = [], []
    for folder in record_dirs(workdir):
        try:
            record = read_record(folder)
        except ResultError as error:
            damaged.append(str(error))
            continue
        if record.rows:
            records.append(record)
        else:
            damaged.append(f"{folder} holds no rows. Run the cell again: {record.command}")
    return records, damaged


def _identity(record: Record) -> tuple[object, ...]:
    row = record.rows[0]
    setup = tuple(sorted((key, repr(value)) for key, value in _setup(record).items()))
    seeds = tuple(sorted({str(row.seed) for row in record.rows}))
    return (row.dataset, row.split, record.task, row.fuser, row.variant, row.protocol, row.condition, seeds, setup)


def _newest(records: list[Record]) -> tuple[list[Record], list[Record]]:
    """The records in use and those they replace: a fuser retrained under the same name gives a second record.

    A record that was made for other metrics stays beside the newer one, so that a study of image quality grows column
    by column.
    """
    newest: dict[tuple[object, ...], list[Record]] = {}
    superseded = []
    for record in sorted(records, key=lambda r: (r.started, r.cell_id)):
        metrics = {row.metric for row in record.rows}
        older = newest.get(_identity(record), [])
        replaced = [other for other in older if {row.metric for row in other.rows} <= metrics]
        superseded += replaced
        newest[_identity(record)] = [*(other for other in older if other not in replaced), record]
    return sorted((record for group in newest.values() for record in group), key=lambda r: r.cell_id), superseded


def _setup(record: Record) -> dict[str, Any]:
    flat = flatten(record.settings)
    return {key: value for key, value in flat.items() if not METHOD_SETTINGS.intersection(key.split("."))}


def _rows(records: list[Record]) -> pd.DataFrame:
    import pandas as pd

    rows = rows_table(records)
    rows["method"] = [method_label(f, v) for f, v in zip(rows["fuser"], rows["variant"], strict=True)]
    for column in ("value", "ci_low", "ci_high"):
        rows[column] = pd.to_numeric(rows[column]).astype(float)
    by_cell = {record.cell_id: record for record in records}
    rows["setup"] = ""
    for _, group in rows.groupby(["dataset", "split", "task", "protocol"]):
        names = _name_setups({cell: _setup(by_cell[cell]) for cell in group["cell"].unique()})
        rows.loc[group.index, "setup"] = group["cell"].map(names)
    started = rows["cell"].map({record.cell_id: record.started for record in records})
    return _keep_newest(rows, started, [*Context._fields, "method", "seed", "metric"])


def _name_setups(setups: dict[str, dict[str, Any]]) -> dict[str, str]:
    """For each cell the settings in which the cells of one context differ, as text; empty if they do not."""
    keys = sorted({key for setup in setups.values() for key in setup})
    differing = [key for key in keys if len({repr(setup.get(key)) for setup in setups.values()}) > 1]
    spoken = [key for key in differing if "fingerprint" not in key and not key.startswith(f"{DATASET_FACTS}.")]
    # Fingerprints say nothing to a reader: they are named only where nothing else tells two setups apart.
    if len({_spell(s, spoken) for s in setups.values()}) == len({_spell(s, differing) for s in setups.values()}):
        differing = spoken
    return {cell: _spell(setup, differing) for cell, setup in setups.items()}


def _spell(setup: Mapping[str, Any], keys: list[str]) -> str:
    return ", ".join(f"{key.rsplit('.', 1)[-1]}={setup[key]}" for key in keys if key in setup)


def _per_image(scores: Mapping[str, RecordScores], rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    columns = ["cell", *Context._fields, "method", "seed", "id", "metric", "value"]
    first = rows.drop_duplicates("cell").set_index("cell")
    frames = []
    for cell, found in scores.items():
        if found.per_image.empty:
            continue
        frame = found.per_image[["id", "metric", "value"]].copy()
        frame["cell"] = cell
        for name in (*Context._fields, "method"):
            frame[name] = str(first.at[cell, name])
        frame["seed"] = pd.Series([found.record.rows[0].seed] * len(frame), index=frame.index, dtype=object)
        frames.append(frame[columns])
    if not frames:
        return pd.DataFrame(columns=columns)
    joined = pd.concat([frame.astype({"seed": object, "value": float}) for frame in frames], ignore_index=True)
    started = joined["cell"].map({cell: found.record.started for cell, found in scores.items()})
    joined = _keep_newest(joined, started, [*Context._fields, "method", "seed", "metric", "id"])
    return joined[joined["value"].map(math.isfinite)]


def _keep_newest(table: pd.DataFrame, started: pd.Series[str], keys: list[str]) -> pd.DataFrame:
    """Of lines that agree in `keys` the one of the newest record, in the order of the table."""
    newest = table.assign(started=started).sort_values("started", kind="stable").drop_duplicates(keys, keep="last")
    return table.loc[sorted(newest.index)].reset_index(drop=True)


def _task_place(task: str) -> int:
    return TASK_ORDER.index(task) if task in TASK_ORDER else len(TASK_ORDER)
