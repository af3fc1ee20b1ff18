"""Finds the fused images of a record in the working folder that it was computed in, by the cells that fused them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.artefacts import inside
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
    for pairs, path, manifest in _fused_sets(workdir):
        wanted = record.settings["pairs"]
        same_pairs = pairs.get("fingerprint") == wanted["fingerprint"] and not pairs.get("condition")
        same_images = manifest["dataset"]["split"] == row.split and ids <= set(manifest["seconds"])
        if same_pairs and same_images and _is_of(record, manifest["fuser"]):
            return FusedImages(path / "images", frozenset(manifest["seconds"]))
    raise ResultError(
        f"no fused images of {row.fuser} on {row.dataset}/{row.split} under {workdir / 'fused'}: a submission holds "
        f"their digests. Run the command again, which fuses what is missing: {record.command}"
    )


def _is_of(record: Record, fuser: Mapping[str, Any]) -> bool:
    method = record.settings["method"]
    if not method["train"]:
        return bool(fuser["fingerprint"] == method["fingerprint"])
    # A variant that was trained in this working folder is named by the cell of its training.
    spec, steps = str(fuser["spec"]), method["steps"]
    is_trained = f"/train-{fingerprint(method['train'])}/" in spec
    return is_trained and (f",steps={steps}" in spec if steps is not None else ",steps=" not in spec)


def _fused_sets(workdir: Path) -> Iterator[tuple[Mapping[str, Any], Path, Mapping[str, Any]]]:
    """(pairs, folder, manifest) of every set that a cell of the working folder fused."""
    for done in sorted((workdir / "cells").glob("fuse-*/done.json")):
        try:
            pairs = json.loads((done.parent / "request.json").read_text(encoding="utf-8"))["settings"]["pairs"]
            for output in json.loads(done.read_text(encoding="utf-8"))["outputs"]:
                source = inside(workdir, f"{output}/manifest.json")
                if source is not None:
                    yield pairs, source.parent, json.loads(source.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            continue
