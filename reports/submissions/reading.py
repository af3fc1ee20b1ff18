"""A submission, read without trust: everything is checked that can be checked without images and datasets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reports.labels import BASELINES
from reports.submissions.derivation import check_identity, check_numbers
from reports.submissions.digests import Digests, read_digests
from reports.submissions.fields import check_all_texts
from reports.submissions.files import RECORDS, check_files, read_json
from reports.submissions.manifest import Manifest, read_manifest
from reports.submissions.refusal import refusal, shown
from reports.submissions.tables import ImageValues, read_image_values, read_replicates
from suite.errors import ResultError
from suite.records import SCHEMA_VERSION, Record, read_record

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
AGAIN = "Compute the cell again with this version of the suite, and submit it again."


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One method's submission; its rows carry the method's name."""

    folder: Path
    manifest: Manifest
    records: tuple[Record, ...]
    images: Mapping[str, ImageValues]
    """Values of single images, by cell id."""
    digests: Digests
    num_files: int
    num_derived: int
    """Rows that follow from values of single images or from replicates, and were derived again."""
    num_stated: int
    """Rows that nothing in the submission proves."""

    @property
    def fingerprint(self) -> str:
        """Of the fuser, the same in all records."""
        return method_of(self.records[0].settings)


def read_submission(folder: Path) -> Submission:
    """Read and check a submission.

    Raises:
        ResultError: the first thing that is wrong: file, expected, found, remedy.
    """
    files = check_files(folder)
    manifest = read_manifest(folder)
    digests = read_digests(folder)
    records, images, derived, stated = [], {}, 0, 0
    for place in (file for file in files if file.endswith("/result.json")):
        home = place.rpartition("/")[0]
        content = _read_content(folder, place)
        values, replicates = read_image_values(folder, home), read_replicates(folder, home)
        check_identity(place, home.rpartition("/")[2], content)
        _check_rows(place, content, manifest)
        counts = check_numbers(place, content, values, replicates)
        derived, stated = derived + counts[0], stated + counts[1]
        record = _build(folder, home, manifest)
        _check_digests(place, record, values, digests)
        records.append(record)
        images[record.cell_id] = values
    _check_one_method(records)
    return Submission(
        folder=folder, manifest=manifest, records=tuple(records), images=images, digests=digests, num_files=len(files),
        num_derived=derived, num_stated=stated,
    )  # fmt: skip


def set_name(record: Record) -> str:
    """Which fused images a record was computed from: dataset and split, and the seed where the fuser was trained."""
    row = record.rows[0]
    trained = f"-seed{row.seed}" if record.settings.get("method", {}).get("train") else ""
    return f"{row.dataset}-{row.split}{trained}"


def method_of(settings: Mapping[str, Any]) -> str:
    """The fingerprint of the fuser in a record's settings; empty where it was trained, or where none is named."""
    method = settings.get("method")
    return str(method.get("fingerprint", "")) if isinstance(method, Mapping) else ""


def _read_content(folder: Path, place: str) -> dict[str, Any]:
    content = read_json(folder, place)
    if content.get("schema") != SCHEMA_VERSION:
        raise refusal(place, "schema", expected=SCHEMA_VERSION, found=content.get("schema"), remedy=AGAIN)
    environment = f"{place.rpartition('/')[0]}/environment.json"
    check_all_texts(place, content)
    check_all_texts(environment, read_json(folder, environment))
    texts = ("cell_id", "task", "command", "started", "primary")
    if not all(isinstance(content.get(name), str) for name in texts) or not isinstance(content.get("settings"), dict):
        raise refusal(place, "fields", expected=", ".join((*texts, "settings")), found=", ".join(content), remedy=AGAIN)
    if not MOMENT.fullmatch(content["started"]):
        raise refusal(place, "started", expected="YYYY-MM-DDTHH:MM:SSZ", found=content["started"], remedy=AGAIN)
    rows = content.get("rows")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise refusal(place, "rows", expected="a list of rows", found=shown(rows), remedy=AGAIN)
    numbers = ("value", "ci_low", "ci_high", "n")
    for row in rows:
        found = {name: row.get(name) for name in numbers}
        if not all(type(value) in (int, float) and abs(value) != float("inf") for value in found.values()):
            raise refusal(place, f"{row.get('metric')}", expected="numbers", found=shown(found), remedy=AGAIN)
        if not all(isinstance(row.get(name), str) for name in ("metric", "fuser", "dataset", "split", "unit")):
            raise refusal(place, "row", expected="metric, fuser, dataset, split, unit", found=shown(row), remedy=AGAIN)
    return content


def _check_rows(place: str, content: Mapping[str, Any], manifest: Manifest) -> None:
    pairs = content["settings"].get("pairs")
    dataset = _dataset_of(str(pairs.get("name", ""))) if isinstance(pairs, Mapping) else None
    expected: dict[str, object] = {"task": content["task"], "fuser": manifest.fuser, "variant": "full"}
    expected |= {"dataset": dataset} if dataset is not None else {}
    # Corrupted sources are a question of their own; the report draws their curves.
    expected |= {"seed": content["settings"].get("seed"), "condition": ""}
    seen: set[str] = set()
    for row in content["rows"]:
        for name, wanted in expected.items():
            if row.get(name, "" if name == "condition" else None) != wanted:
                raise refusal(
                    place, f"{row['metric']}, {name}", expected=wanted, found=row.get(name),
                    remedy="All rows of a submission are of its fuser, and of the settings of their record.",
                )  # fmt: skip
        if row["metric"] in seen:
            raise refusal(place, row["metric"], expected="one row", found="two rows", remedy=AGAIN)
        seen.add(row["metric"])


def _dataset_of(name: str) -> str:
    """What rows call a dataset: the name that its options give it, else that of its reader."""
    reader, _, options = name.partition("@")
    called = [option.removeprefix("called=") for option in options.split(",") if option.startswith("called=")]
    return called[-1] if called else reader


def _build(folder: Path, home: str, manifest: Manifest) -> Record:
    try:
        record = read_record(folder / home)
    except ResultError as error:
        # The suite's words speak of the submitter's own folder; here it is somebody else's file.
        raise refusal(
            f"{home}/result.json", "record", expected="the suite's schema", found=str(error).partition(". Delete")[0],
            remedy=AGAIN,
        ) from error  # fmt: skip
    if manifest.method in BASELINES and manifest.fuser != manifest.method:
        raise refusal(
            "submission.yaml", "method", expected="a name of its own", found=manifest.method,
            remedy="'visible' and 'infrared' are the source images.",
        )  # fmt: skip
    return replace(record, rows=tuple(replace(row, fuser=manifest.method) for row in record.rows))


def _check_digests(place: str, record: Record, values: ImageValues, digests: Digests) -> None:
    missing = sorted(values.ids - set(digests.get(set_name(record), {})))
    if missing:
        raise refusal(
            place, f"images of {set_name(record)}", expected=f"a digest of each of {len(values.ids)}",
            found=f"none of {missing[0]}" + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""),
            remedy="digests.csv names every image that was scored: python -m reports submit.",
        )  # fmt: skip


def _check_one_method(records: list[Record]) -> None:
    found: dict[str, str] = {}
    for record in records:
        found.setdefault(method_of(record.settings), record.cell_id)
    if len(found) > 1:
        (first, cell), (second, other) = list(found.items())[:2]
        raise refusal(
            f"{RECORDS}/{other}/result.json", "fingerprint of the fuser", expected=f"{first}, as in {cell}",
            found=second, remedy="The records are of two versions of the method. Submit those of one.",
        )  # fmt: skip
