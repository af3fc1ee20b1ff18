"""The result record of a finished cell, and the schema of its rows.

    <work>/cells/<cell id>/result.json          settings, rows, timings, and what a reader must know
                           per_image.parquet    one row per image and metric (per_image.csv in a submission)
                           config.yaml          the settings again, for people
                           environment.json     versions, hardware, command
                           artefacts/           PR curve, confusion matrix, sample predictions ...

A cell id is the hash of everything that determines the numbers: a cell with a `result.json` is done.
Standard library and pandas only; the report reads through this module alone.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from suite.errors import ResultError, SettingsError, UnknownName
from suite.files import describe_irregular, make_dir, write_file, write_text
from suite.provenance import describe_environment
from suite.rows import Row
from suite.settings import fingerprint, from_mapping

if TYPE_CHECKING:
    import pandas as pd

PER_IMAGE = "per_image.parquet"
PER_IMAGE_TEXT = "per_image.csv"
"""The same table as text, with every digit: what a submission to the leaderboard holds, so that people can read it."""
PARQUET_MARK = b"PAR1"
SCHEMA_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class Record:
    """One finished cell."""

    cell_id: str
    task: str
    settings: Mapping[str, Any]
    """Everything that determines the numbers; its hash is the cell id."""
    rows: tuple[Row, ...]
    command: str
    """The command that reproduces the cell."""
    started: str
    """UTC, ISO 8601."""
    primary: str = ""
    """The metric that ranks the methods of this task; empty where all of its metrics do so together."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Duration of each stage in seconds."""
    notes: tuple[str, ...] = ()
    """What a reader must know: pseudo-labels, overlaps, announced fallbacks."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None
    """Folder the record was read from."""


def cell_id(task: str, settings: Mapping[str, Any]) -> str:
    """`<task>-<hash>` of everything that determines a cell's numbers."""
    return f"{task}-{fingerprint({'schema': SCHEMA_VERSION, 'task': task, 'settings': settings})}"


def cell_dir(workdir: Path, cell: str) -> Path:
    """Where a cell's record lies, whether or not it is there yet."""
    return workdir / "cells" / cell


def is_done(workdir: Path, cell: str) -> bool:
    """Whether the cell's record is complete."""
    return (cell_dir(workdir, cell) / "result.json").is_file()


def write_record(
    workdir: Path, record: Record, *, per_image: pd.DataFrame | None, artefacts: Path | None = None
) -> Path:
    """Write a record and return its folder; `result.json` comes last, complete or absent: with it the cell is done.

    Args:
        workdir: The working folder.
        record: What to write; its `environment` is filled in where it is empty.
        per_image: Columns `id`, `metric`, `value` and whatever the task adds; None where a task has no images.
        artefacts: A folder that is copied to `artefacts/`.
    """
    folder = make_dir(cell_dir(workdir, record.cell_id))
    write_text(folder / "config.yaml", yaml.safe_dump(json.loads(json.dumps(record.settings)), sort_keys=False))
    write_json(folder / "environment.json", record.environment or describe_environment())
    if per_image is not None:
        with write_file(folder / PER_IMAGE) as temporary:
            per_image.to_parquet(temporary, index=False)
    if artefacts is not None:
        # What an attempt left that was killed before its last file.
        shutil.rmtree(folder / "artefacts", ignore_errors=True)
        shutil.copytree(artefacts, folder / "artefacts")
    content = {k: v for k, v in asdict(record).items() if k not in ("path", "environment")}
    write_json(folder / "result.json", {"schema": SCHEMA_VERSION, **content})
    return folder


def read_record(path: Path) -> Record:
    """Read one cell's folder; it may be anyone's, so everything in it is checked before it is used.

    Raises:
        ResultError: missing or damaged file, or another schema version; says which.
    """
    source = path / "result.json"
    content, environment = _read_object(source), _read_object(path / "environment.json")
    found = content.pop("schema", None)
    if found != SCHEMA_VERSION:
        raise ResultError(
            f"{source} was written by another version of the suite (result schema {found}, expected "
            f"{SCHEMA_VERSION}). Delete the folder {path} and run the cell again: what is fused and trained is kept."
        )
    _check_table(path / PER_IMAGE)
    try:
        rows = tuple(from_mapping(Row, row, where="rows.") for row in content.pop("rows"))
        notes = tuple(str(note) for note in content.pop("notes"))
        record = Record(rows=rows, notes=notes, environment=environment, path=path, **content)
        texts = (record.cell_id, record.task, record.command, record.started, record.primary)
        if not (isinstance(record.settings, Mapping) and isinstance(record.seconds, Mapping)):
            raise TypeError("settings and seconds must be objects")
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("cell_id, task, command, started and primary must be text")
    except (KeyError, TypeError, AttributeError, ValueError, SettingsError, UnknownName) as error:
        raise ResultError(
            f"{source} does not fit the schema: {error}. Delete the folder {path} and run the cell again."
        ) from error
    return record


def _read_object(source: Path) -> dict[str, Any]:
    try:
        if irregular := describe_irregular(source):
            raise ValueError(f"it {irregular}")
        content = json.loads(source.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError(f"expected an object, found {type(content).__name__}")
    except (OSError, ValueError, RecursionError) as error:
        raise ResultError(
            f"cannot read the record {source}: {error}. Delete the folder {source.parent} and run the cell again."
        ) from error
    return content


def _check_table(source: Path) -> None:
    # Both ends of a Parquet file carry its mark; a cut copy lacks the second.
    if not source.exists():
        return
    irregular = describe_irregular(source)
    if not irregular:
        with source.open("rb") as opened:
            head = opened.read(len(PARQUET_MARK))
            opened.seek(max(0, source.stat().st_size - len(PARQUET_MARK)))
            irregular = "" if head == opened.read() == PARQUET_MARK else "is damaged: no whole Parquet file"
    if irregular:
        raise ResultError(f"{source} {irregular}. Delete the folder {source.parent} and run the cell again.")


def read_per_image(path: Path) -> pd.DataFrame:
    """The per-image table of a cell's folder; empty where the task has none.

    Raises:
        ResultError: the table is damaged.
    """
    import pandas as pd

    source, text = path / PER_IMAGE, path / PER_IMAGE_TEXT
    if not source.is_file() and not text.is_file():
        return pd.DataFrame(columns=["id", "metric", "value"])
    try:
        if source.is_file():
            return pd.read_parquet(source)
        # Python's own conversion: pandas 2 reads the last digit of some numbers otherwise.
        exact: dict[str, Callable[[str], Any]] = {
            "id": str,
            "metric": str,
            "value": lambda number: float(number or "nan"),
        }
        return pd.read_csv(text, converters=exact)
    except (OSError, ValueError) as error:
        raise ResultError(f"cannot read {source}: {error}. Delete the folder {path} and run the cell again.") from error


def record_dirs(workdir: Path) -> list[Path]:
    """The folders of all finished records of a working folder, in order of their cell ids."""
    return sorted(source.parent for source in (workdir / "cells").glob("*/result.json"))


def rows_table(records: Sequence[Record]) -> pd.DataFrame:
    """All rows of all records, tidy, with the columns `cell` and `primary` beside the fields of `Row`."""
    import pandas as pd

    return pd.DataFrame(
        [
            {"cell": record.cell_id, "primary": record.primary, **asdict(row)}
            for record in records
            for row in record.rows
        ]
    )


@contextmanager
def timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    """Add the block's duration in seconds to `seconds[stage]`."""
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - start


def utc_now() -> str:
    """The present moment, UTC, ISO 8601 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def write_json(path: Path, content: object) -> None:
    """Write JSON atomically."""
    write_text(path, json.dumps(content, indent=1))
