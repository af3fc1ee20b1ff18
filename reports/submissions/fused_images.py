"""Finds the fused images of a record in the working folder that it was computed in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suite.errors import ResultError
from suite.records import Record
from suite.settings import fingerprint


@dataclass(frozen=True)
class FusedImages:
    """One folder of fused images, `<id>.png`."""

    folder: Path
    ids: frozenset[str]


def find_fused(workdir: Path, record: Record, ids: Set[str]) -> FusedImages:
    """The images that a record was computed from.

    Args:
        workdir: The working folder.
        record: Of a task that works on images.
        ids: Of the images that it scored.

    Raises:
        ResultError: they are not there any more.
    """
    row = record.rows[0]
    for path, manifest in _manifests(workdir):
        dataset = manifest["dataset"]
        same_split = str(dataset["name"]).partition("@")[0] == row.dataset and dataset["split"] == row.split
        if same_split and _is_of(record, manifest["fuser"]) and ids <= set(manifest["seconds"]):
            return FusedImages(path / "images", frozenset(manifest["seconds"]))
    raise ResultError(
        f"no fused images of {row.fuser} on {row.dataset}/{row.split} under {workdir / 'fused'}: a submission holds "
        f"their digests. Run the command again, which fuses what is missing: {record.command}"
    )


def _is_of(record: Record, fuser: dict[str, Any]) -> bool:
    method = record.settings["method"]
    if not method["train"]:
        return bool(fuser["fingerprint"] == method["fingerprint"])
    # A variant that was trained in this working folder is named by the cell of its training.
    spec, steps = str(fuser["spec"]), method["steps"]
    is_trained = f"/train-{fingerprint(method['train'])}/" in spec
    return is_trained and (f",steps={steps}" in spec if steps is not None else ",steps=" not in spec)


def _manifests(workdir: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for source in sorted((workdir / "fused").glob("*/manifest.json")):
        try:
            content = json.loads(source.read_text(encoding="utf-8"))
            if {"dataset", "fuser", "seconds"} <= set(content):
                yield source.parent, content
        except (OSError, ValueError):
            continue
