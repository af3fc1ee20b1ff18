"""Recomputes records from fused images by the suite's own commands, each in a process of its own.

`reports` reads records and knows no image metric: it writes a configuration, lets `python -m downstream.quality` (or
`detect`, `segment`) compute in an empty working folder, and compares the new record with the submitted one. The
configuration is made of checked names and numbers; a submitted command is never run.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reports.collect import flatten
from reports.submissions.reading import method_of
from reports.submissions.refusal import refusal
from suite.errors import ResultError
from suite.files import write_text
from suite.records import Record, read_per_image, read_record, record_dirs

PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_+-]*")
"""A name of one of the suite's tables: neither a path, nor a class to import, nor settings."""
DATASET = re.compile(r"[a-z0-9][a-z0-9_-]*(@[\w=,-]*)?", re.ASCII)
LABORATORY = "synthetic"
SAME_IMAGE = 1e-5
"""Relative difference of one image's value on another processor or with another version of a library."""
NEAR_ZERO = 1e-6
TRAINED = ("detect", "segment")
LAST_LINES = 12


@dataclass(frozen=True, kw_only=True)
class ImageSource:
    """Where the images of a set come from."""

    fuser: str
    """For --fuser: folder:PATH, or a plain name of the suite's own."""
    root: Path | None = None
    """Where the dataset lies; None for the drawn laboratory."""


def why_not(record: Record, source: ImageSource | None, *, train: bool) -> str:
    """Why a record cannot be recomputed here; empty where it can."""
    settings, task = record.settings, record.task
    if task == "cost":
        return "times of another machine are not comparable"
    if task not in ("quality", *TRAINED):
        return "a task from outside the suite: its code is not run"
    if source is None:
        return "no fused images: --images DIR"
    if task in TRAINED and not train:
        return "needs its training again: --train"
    pairs = settings["pairs"]
    if not DATASET.fullmatch(pairs["name"]):
        return "a dataset from outside the suite: its code is not run"
    if pairs["name"] != LABORATORY and source.root is None:
        return f"needs the dataset: --root {pairs['name']}=DIR"
    foreign = [name for name in settings.get("metrics", ()) if not PLAIN_NAME.fullmatch(name)]
    return f"metrics from outside the suite, whose code is not run: {', '.join(foreign)}" if foreign else ""


def recompute(record: Record, source: ImageSource, workdir: Path) -> tuple[int, str]:
    """Compute a record again and compare it.

    Args:
        record: As submitted.
        source: The fused images.
        workdir: An empty folder, or one of an earlier call: what is drawn and fused there is taken up.

    Returns:
        How many rows were compared, and what a reader must know (that library versions differ, that a training agrees
        within its interval only); empty where all agrees.

    Raises:
        ResultError: the command failed, or a value differs; names the first.
    """
    before = set(record_dirs(workdir))
    config = workdir / "recompute.yaml"
    write_text(config, yaml.safe_dump(_config(record, source)))
    command = [sys.executable, "-m", f"downstream.{record.task}", "--config", str(config), "--workdir", str(workdir)]
    done = subprocess.run(
        [*command, "--no-report"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    made = [path for path in record_dirs(workdir) if path not in before]
    if done.returncode or len(made) != 1:
        lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        said = "\n".join(f"  {line}" for line in lines[-LAST_LINES:])
        raise ResultError(f"{record.cell_id} could not be recomputed (status {done.returncode}):\n{said}")
    again = read_record(made[0])
    place = f"records/{record.cell_id}/result.json"
    then, now = method_of(record.settings), method_of(again.settings)
    if not source.fuser.startswith("folder:") and then != now:
        return 0, f"{source.fuser} is another version here (fingerprint {now}, submitted {then}): --images DIR"
    if other := _other_settings(record, again):
        return 0, f"not compared: its settings cannot be given on the command line here: {', '.join(other)}"
    expected, found = record.settings["pairs"]["fingerprint"], again.settings["pairs"]["fingerprint"]
    if expected != found:
        raise refusal(
            place, "fingerprint of the pairs", expected=f"{found} (computed here)", found=expected,
            remedy="The record is of other pairs: another version of the dataset, or files that were changed.",
        )  # fmt: skip
    if record.task == "quality":
        return _compare_images(place, record, again), ""
    return _compare_trained(place, record, again)


def _config(record: Record, source: ImageSource) -> dict[str, Any]:
    settings, pairs = record.settings, record.settings["pairs"]
    config: dict[str, Any] = {"fuser": [source.fuser], "jobs": 1, **settings["settings"]}
    if pairs["name"] == LABORATORY:
        config["synthetic"] = pairs["synthetic"]
    else:
        config |= {"dataset": pairs["name"], "root": str(source.root)}
    if record.task == "quality":
        return config | {"metrics": list(settings["metrics"]), "limit": pairs["limit"]}
    protocol = record.rows[0].protocol
    if protocol.startswith("frozen-") and PLAIN_NAME.fullmatch(protocol.removeprefix("frozen-")):
        config["frozen_on"] = protocol.removeprefix("frozen-")
    return config | {"seeds": [settings["seed"]]}


def _other_settings(record: Record, again: Record) -> list[str]:
    """The settings in which the new record differs, other than the fuser, the content of pairs and library versions."""
    mine, theirs = flatten(record.settings), flatten(again.settings)
    found = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
    return [key for key in found if key.split(".")[0] not in ("method", "marks") and key != "pairs.fingerprint"]


def _compare_images(place: str, record: Record, again: Record) -> int:
    assert record.path is not None
    assert again.path is not None
    submitted, computed = _by_image(record.path), _by_image(again.path)
    for key, found in submitted.items():
        expected = computed.get(key, float("nan"))
        same = expected == found or (expected != expected and found != found)
        if not same and not abs(expected - found) <= SAME_IMAGE * abs(expected) + NEAR_ZERO:
            raise refusal(
                place.replace("result.json", "per_image.csv"), f"{key[1]} of image {key[0]}",
                expected=f"{expected:.8g} (recomputed)", found=f"{found:.8g}",
                remedy="The value does not come from this image. Compute the record again from the images you submit.",
            )  # fmt: skip
    return len({metric for _, metric in submitted})


def _by_image(path: Path) -> Mapping[tuple[str, str], float]:
    table = read_per_image(path)
    return {
        (str(one), str(m)): float(v) for one, m, v in zip(table["id"], table["metric"], table["value"], strict=True)
    }


def _compare_trained(place: str, record: Record, again: Record) -> tuple[int, str]:
    marks = {key: (value, again.settings["marks"].get(key)) for key, value in record.settings["marks"].items()}
    other = [f"{key} {there} there, {here} here" for key, (there, here) in marks.items() if there != here]
    computed = {row.metric: row for row in again.rows}
    within, count = [], 0
    for row in record.rows:
        here = computed.get(row.metric)
        if here is None or row.unit == "ms" or row.value != row.value:
            continue
        count += 1
        if abs(here.value - row.value) <= NEAR_ZERO:
            continue
        if not row.ci_low <= here.value <= row.ci_high:
            versions = f" ({'; '.join(other)})" if other else ""
            raise refusal(
                place, f"{row.metric} after training again", expected=f"{here.value:.4f}",
                found=f"{row.value:.4f} [{row.ci_low:.4f}, {row.ci_high:.4f}]",
                remedy=f"Compute the record again with the versions of constraints.txt{versions}.",
            )  # fmt: skip
        within.append(row.metric)
    told = [f"within its interval, not to the last digit: {', '.join(within)}"] if within else []
    return count, "; ".join((*told, *other))
