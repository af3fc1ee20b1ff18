"""Writes a submission from a working folder: the records of one fuser as text, and the digests of its images."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reports.collect import collect
from reports.submissions.digests import pixel_digest, write_digests
from reports.submissions.files import BOOTSTRAP, IMAGES, RECORDS
from reports.submissions.fused_images import FusedImages, find_fused
from reports.submissions.manifest import Manifest, check_manifest, without_folders, write_manifest
from reports.submissions.reading import Submission, read_submission, set_name
from reports.submissions.tables import write_image_values, write_replicates
from suite.errors import ResultError, UnknownName
from suite.files import make_dir, write_dir
from suite.records import PER_IMAGE_TEXT, Record, read_per_image, write_json


def write_submission(workdir: Path, manifest: Manifest, out: Path, *, with_images: bool = False) -> Submission:
    """Write the submission of one fuser and read it back with every check that needs no dataset.

    Args:
        workdir: The folder that holds `cells/` and `fused/`.
        manifest: What is said about the method; `fuser` chooses the records. Commands and hardware that are empty are
            taken from the records.
        out: The folder to make; it must not be there yet.
        with_images: Also copy the fused images.

    Raises:
        UnknownName: the working folder has no records of this fuser.
        ResultError: `out` is there, images are missing, or a field is not plain text.
    """
    if out.exists():
        raise ResultError(f"{out} exists. Delete it, or choose another --out: a submission is written whole.")
    records = _records_of(workdir, manifest.fuser)
    # A path of this machine says nothing to anybody else: rows then carry the method's name.
    shown = manifest.method if "/" in manifest.fuser else manifest.fuser
    commands = tuple(dict.fromkeys(without_folders(record.command) for record in records))
    told = replace(
        manifest, fuser=shown, commands=manifest.commands or commands, hardware=manifest.hardware or _hardware(records)
    )
    check_manifest(told)
    with write_dir(out) as folder:
        write_manifest(folder, told)
        digests: dict[str, dict[str, str]] = {}
        for record in records:
            images = _write_record(folder / RECORDS / record.cell_id, record, shown, workdir)
            if images is not None:
                known = digests.setdefault(set_name(record), {})
                known |= {one: pixel_digest(images.folder / f"{one}.png") for one in sorted(images.ids - set(known))}
                if with_images:
                    _copy(images, folder / IMAGES / set_name(record))
        if digests:
            write_digests(folder, digests)
        read_submission(folder)
    return read_submission(out)


def _records_of(workdir: Path, fuser: str) -> list[Record]:
    collection = collect(workdir)
    firsts = {cell: record.rows[0] for cell, record in collection.records.items()}
    # What is shown is the method itself on clean sources: no ablation, no corruption.
    full = {cell: collection.records[cell] for cell, r in firsts.items() if r.variant == "full" and not r.condition}
    chosen = [record for record in full.values() if record.rows[0].fuser == fuser]
    if not chosen:
        raise UnknownName(f"fuser in {workdir}:", fuser, known={record.rows[0].fuser for record in full.values()})
    return chosen


def _write_record(folder: Path, record: Record, fuser: str, workdir: Path) -> FusedImages | None:
    """Write one record; returns the images that it was computed from, None where there are none."""
    assert record.path is not None
    make_dir(folder)
    content: dict[str, Any] = json.loads((record.path / "result.json").read_text(encoding="utf-8"))
    content["rows"] = [{**row, "fuser": fuser} for row in content["rows"]]
    content["command"] = without_folders(record.command)
    write_json(folder / "result.json", content)
    write_json(folder / "environment.json", record.environment)
    bootstrap = record.path / BOOTSTRAP
    if bootstrap.is_file():
        write_replicates(folder / BOOTSTRAP, json.loads(bootstrap.read_text(encoding="utf-8")))
    table = read_per_image(record.path)
    if table.empty:
        return None
    write_image_values(folder / PER_IMAGE_TEXT, table)
    return find_fused(workdir, record, set(table["id"].astype(str)))


def _hardware(records: Sequence[Record]) -> str:
    """What the cost records were measured on; otherwise the kind of machine of the first record."""
    for record in records:
        if record.task == "cost":
            return str(record.settings["marks"]["hardware"])
    told = records[0].environment
    return f"{told.get('system')}, {told.get('cpu_count')} cores, accelerator {told.get('accelerator')}"


def _copy(images: FusedImages, folder: Path) -> None:
    for one in sorted(images.ids):
        target = folder / f"{one}.png"
        make_dir(target.parent)
        if not target.exists():
            shutil.copyfile(images.folder / f"{one}.png", target)
