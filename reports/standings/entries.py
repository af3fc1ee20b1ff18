"""All submissions of a folder, together: one per method, and in agreement on what each metric is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reports.collect import Collection, collection_of
from reports.labels import split_metric
from reports.submissions.files import MANIFEST, RECORDS
from reports.submissions.reading import Submission, read_submission
from reports.submissions.refusal import refusal
from suite.errors import ResultError, list_offenders
from suite.records import Record

QUOTED = "quoted"
"""The one folder beside the submissions: tables of other people, see `reports.quoted`."""


@dataclass(frozen=True)
class Entry:
    """A submission and the facts that the page filters by."""

    submission: Submission

    @property
    def method(self) -> str:
        """Name on the page."""
        return self.submission.manifest.method

    @cached_property
    def parameters(self) -> float:
        """Of the fuser's networks; nan where no record tells."""
        return self._told("parameters")

    @cached_property
    def milliseconds(self) -> float:
        """Per image, by the cost task at its smallest size; otherwise as another task saw it; nan where none tells."""
        return self._told("ms")

    def _told(self, stem: str) -> float:
        records = sorted(self.submission.records, key=lambda record: record.task != "cost")
        rows = [row for record in records for row in record.rows if split_metric(row.metric)[0] == stem]
        known = [row for row in rows if math.isfinite(row.value)]
        cost = [row for row in known if row.task == "cost"]
        return min(row.value for row in cost) if cost else known[0].value if known else math.nan


def read_entries(results: Path) -> list[Entry]:
    """Read every submission below a folder, by method.

    Raises:
        ResultError: no submissions; or some are refused, which are listed with their reasons.
    """
    folders = sorted(path for path in results.iterdir() if path.is_dir()) if results.is_dir() else []
    folders = [path for path in folders if path.name != QUOTED]
    if not folders:
        raise ResultError(
            f"no submissions in {results}: expected one folder each. Make one: python -m reports submit WORKDIR "
            f"--fuser NAME --out {results / 'NAME'}"
        )
    entries, refused = [], []
    for folder in folders:
        try:
            entries.append(Entry(read_submission(folder)))
        except ResultError as error:
            refused.append(f"{folder.name}/{error}")
    refused += _conflicts(entries)
    if refused:
        raise ResultError(
            f"{len(refused)} of {len(folders)} submissions in {results} cannot be shown:\n{list_offenders(refused)}"
        )
    return sorted(entries, key=lambda entry: entry.method.casefold())


def collect_entries(entries: Sequence[Entry], name: str) -> Collection:
    """The records of all submissions as one collection, whose methods are the submissions."""
    return collection_of([record for entry in entries for record in entry.submission.records], name=name)


def _conflicts(entries: Sequence[Entry]) -> list[str]:
    return [*_same_names(entries), *_same_images(entries), *_other_metrics(entries)]


def _same_names(entries: Sequence[Entry]) -> list[str]:
    found, seen = [], dict[str, Entry]()
    for entry in entries:
        plain = "".join(c for c in entry.method.casefold() if c.isalnum() or c == "+")
        if plain in seen:
            found.append(
                _refuse(
                    entry, MANIFEST, "method", expected="a name that no other submission has",
                    found=f"{entry.method}, as in {seen[plain].submission.folder.name}", remedy="Choose another name.",
                )
            )  # fmt: skip
        seen.setdefault(plain, entry)
    return found


def _same_images(entries: Sequence[Entry]) -> list[str]:
    found, seen = [], dict[object, Entry]()
    for entry in entries:
        submission = entry.submission
        marks: list[object] = [record.cell_id for record in submission.records]
        marks += [(name, tuple(sorted(ids.items()))) for name, ids in submission.digests.items()]
        other = next((seen[mark] for mark in marks if mark in seen), None)
        if other is not None:
            found.append(
                _refuse(
                    entry, RECORDS, "records and images", expected="those of one method",
                    found=f"the same as in {other.submission.folder.name}", remedy="One method is submitted once.",
                )
            )  # fmt: skip
        seen.update({mark: entry for mark in marks if mark not in seen})
    return found


def _other_metrics(entries: Sequence[Entry]) -> list[str]:
    found, stated = [], dict[tuple[str, str], tuple[object, ...]]()
    for entry in entries:
        for record in entry.submission.records:
            difference = _first_difference(record, stated)
            if difference is not None:
                metric, expected, said = difference
                found.append(
                    _refuse(
                        entry, f"{RECORDS}/{record.cell_id}/result.json", f"what {metric} is", expected=expected,
                        found=said, remedy="Label, unit and direction of a metric are the suite's.",
                    )
                )  # fmt: skip
                break
    return found


def _first_difference(
    record: Record, stated: dict[tuple[str, str], tuple[object, ...]]
) -> tuple[str, tuple[object, ...], tuple[object, ...]] | None:
    """The first metric that a record describes otherwise than the submissions before it."""
    for row in record.rows:
        said = (row.label, row.unit, row.higher_is_better, row.ideal, record.primary)
        expected = stated.setdefault((row.task, split_metric(row.metric)[0]), said)
        if said != expected:
            return row.metric, expected, said
    return None


def _refuse(entry: Entry, file: str, what: str, *, expected: object, found: object, remedy: str) -> str:
    error = refusal(file, what, expected=expected, found=found, remedy=remedy)
    return f"{entry.submission.folder.name}/{error}"
