"""Whether new records can stand beside those of another protocol that a working folder already holds.

The report sets retrained and frozen scores side by side only where they are of the same test images and the same fused
images. What does not belong together is said before any work, not found in the report afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from datasets.base import Labels
from downstream.methods import Method
from downstream.pairs import Pairs
from suite.errors import ResultError
from suite.records import Record, read_record, record_dirs
from suite.statistics.intervals import describe_draws


def say_what_cannot_stand_beside(
    workdir: Path, task: Labels, protocol: str, pairs: Pairs, methods: Sequence[Method]
) -> list[str]:
    """Print, and return, what differs from the records of other protocols on a dataset of the same name.

    Args:
        workdir: May not exist yet.
        task: The kind of the cells to come.
        protocol: Theirs.
        pairs: Theirs; drawn ones are determined by their settings, which are shown with the records.
        methods: Those to come.
    """
    if pairs.synthetic is not None:
        return []
    others = [
        record
        for record in _records(workdir, task)
        if record.rows[0].dataset == pairs.label and record.rows[0].protocol not in ("", protocol)
    ]
    if not others:
        return []
    test = pairs.load("test", task, workdir).clean
    images = describe_draws(test.fingerprint, len(test), 0).rpartition("-0-")[0]
    ready = {method.spec: method.fingerprint for method in methods if method.train is None}
    said: dict[str, list[str]] = {}
    for record in others:
        row, drawn = record.rows[0], _draws(record)
        mark = _mark(record.settings.get("method"))
        if drawn and not drawn.startswith(f"{images}-"):
            reason = f"the test images or labels are others than those of {row.protocol}"
        elif mark and ready.get(row.fuser, mark) != mark:
            reason = f"the fuser has other weights or settings than under {row.protocol}"
        else:
            continue
        said.setdefault(reason, []).append(row.fuser)
    lines = [
        f"{task} on {pairs.label}: {reason} in {workdir} ({', '.join(dict.fromkeys(fusers))}). The report "
        "will not set these scores side by side; another --workdir keeps them apart."
        for reason, fusers in said.items()
    ]
    for line in lines:
        print(line, flush=True)
    return lines


def _records(workdir: Path, task: str) -> Iterator[Record]:
    for folder in record_dirs(workdir):
        if not folder.name.startswith(f"{task}-"):
            continue
        try:
            record = read_record(folder)
        except ResultError:
            continue  # the report names it
        if record.rows:
            yield record


def _draws(record: Record) -> str:
    source = record.path / "artefacts" / "bootstrap.json" if record.path else None
    if source is None or not source.is_file():
        return ""
    try:
        return str(json.loads(source.read_text(encoding="utf-8"))["draws"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _mark(method: Any) -> str:
    return str(method.get("fingerprint") or "") if isinstance(method, dict) else ""
