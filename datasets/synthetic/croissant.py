"""A drawn dataset described in Croissant 1.0, the JSON-LD that catalogues of datasets and `mlcroissant` read.

Beside the description stand the two tables it refers to: a line per pair, a line per object with its evidence. A pair
is called by its file name, 000000.png, since readers of CSV take 000000 for a number. The images are file sets, found
by pattern below the same folder.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from datasets.synthetic.dataset import Synthetic
from datasets.synthetic.settings import EVIDENCE_IDS
from datasets.synthetic.writer import read_manifest
from suite.errors import DatasetError, SettingsError
from suite.files import write_text

DESCRIPTION_FILE = "croissant.json"
PAIRS_FILE, OBJECTS_FILE = "pairs.csv", "objects.csv"
CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
IMAGES = {
    "visible": "the visible image, RGB",
    "infrared": "the infrared image, grey",
    "Label": "class of every pixel, an id of FMB's classes",
    "Evidence": f"which modality shows every pixel's object: {', '.join(f'{i} {e}' for e, i in EVIDENCE_IDS.items())}",
}
"""Folder -> what its files are."""
PAIR_COLUMNS: Mapping[str, tuple[str, str]] = {
    "pair": ("sc:Text", "name of the pair's files"),
    "split": ("sc:Text", "train, val or test"),
    **{folder.lower(): ("sc:Text", f"path of {what}") for folder, what in IMAGES.items()},
    "num_objects": ("sc:Integer", "labelled objects"),
}
OBJECT_COLUMNS: Mapping[str, tuple[str, str]] = {
    "pair": ("sc:Text", "name of the pair's files"),
    "class": ("sc:Text", "person, car or bicycle"),
    "evidence": ("sc:Text", "both, infrared (no contrast in visible) or visible (no contrast in infrared)"),
    "xmin": ("sc:Integer", "left side of the box in pixels, from 1 as Pascal VOC counts"),
    "ymin": ("sc:Integer", "upper side, likewise"),
    "xmax": ("sc:Integer", "right side, inclusive"),
    "ymax": ("sc:Integer", "lower side, inclusive"),
}


def write_croissant(root: Path, *, published: str = "", url: str = "") -> Path:
    """Describe a synthetic dataset in its folder.

    Args:
        root: As `datasets.synthetic.writer.generate` made it.
        published: ISO 8601 date of publication; left out where empty.
        url: Where it is published; left out where empty.

    Returns:
        `root/croissant.json`; `pairs.csv` and `objects.csv` stand beside it.

    Raises:
        DatasetError: no synthetic dataset, or a file of a pair is missing.
        SettingsError: `published` is no date.
    """
    try:
        known = {"datePublished": date.fromisoformat(published).isoformat()} if published else {}
    except ValueError as error:
        raise SettingsError(f"--published must be a date such as 2026-11-26, got {published!r}") from error
    manifest = read_manifest(root)
    pairs, objects = _rows(root)
    write_text(root / PAIRS_FILE, _as_csv(PAIR_COLUMNS, pairs))
    write_text(root / OBJECTS_FILE, _as_csv(OBJECT_COLUMNS, objects))
    out = root / DESCRIPTION_FILE
    write_text(
        out, json.dumps({**_description(root, manifest), **known, **({"url": url} if url else {})}, indent=1) + "\n"
    )
    return out


def _rows(root: Path) -> tuple[list[list[object]], list[list[object]]]:
    """Lines of both tables, in the order of the ids."""
    pairs: list[list[object]] = []
    objects: list[list[object]] = []
    for visible in sorted((root / "visible").glob("*/*.png"), key=lambda path: path.name):
        paths = [f"{folder}/{visible.parent.name}/{visible.name}" for folder in IMAGES]
        labels = root / "Annotations" / f"{visible.stem}.xml"
        missing = [str(root / path) for path in paths if not (root / path).is_file()]
        if missing or not labels.is_file():
            raise DatasetError(f"pair {visible.stem} is not whole, there is no {[*missing, labels][0]}. Draw it again.")
        found = [_object_row(visible.name, entry) for entry in ElementTree.parse(labels).iter("object")]
        pairs.append([visible.name, visible.parent.name, *paths, len(found)])
        objects += found
    return pairs, objects


def _object_row(pair: str, entry: ElementTree.Element) -> list[object]:
    box = [entry.findtext(f"bndbox/{side}", "") for side in ("xmin", "ymin", "xmax", "ymax")]
    return [pair, entry.findtext("name", ""), entry.findtext("evidence", ""), *box]


def _as_csv(columns: Iterable[str], rows: Sequence[Sequence[object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([list(columns), *rows])
    return buffer.getvalue()


def _description(root: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    counts = ", ".join(f"{number} {split}" for split, number in manifest["counts"].items())
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": f"diffif-laboratory-{manifest['fingerprint']}",
        "description": f"{Synthetic.title}. {counts} pairs. Drawn by Diff-IF Bench, not photographed; the settings in "
        "scenes.json draw the same pixels again.",
        "license": Synthetic.licence,
        "creator": {"@type": "sc:Organization", "name": "The Diff-IF Bench developers"},
        "citeAs": "Diff-IF Bench: downstream-task evaluation of infrared-visible image fusion",
        "version": f"{manifest['version']}.0.0",
        "keywords": ["image fusion", "infrared", "visible", "object detection", "semantic segmentation", "synthetic"],
        "distribution": [
            *(_table_file(root, name) for name in (PAIRS_FILE, OBJECTS_FILE)),
            *(_image_files(folder, what) for folder, what in IMAGES.items()),
        ],
        "recordSet": [
            _table_records("pairs", PAIRS_FILE, PAIR_COLUMNS, key="pair"),
            _table_records("objects", OBJECTS_FILE, OBJECT_COLUMNS),
            *(_image_records(folder, what) for folder, what in IMAGES.items()),
        ],
    }


def _table_file(root: Path, name: str) -> dict[str, Any]:
    content = (root / name).read_bytes()
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{len(content)} B",
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _image_files(folder: str, what: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{folder}-files",
        "name": f"{folder}-files",
        "description": what,
        "encodingFormat": "image/png",
        "includes": f"{folder}/*/*.png",
    }


def _table_records(name: str, file: str, columns: Mapping[str, tuple[str, str]], *, key: str = "") -> dict[str, Any]:
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{column}",
            "name": column,
            "description": what,
            "dataType": kind,
            "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
        }
        for column, (kind, what) in columns.items()
    ]
    if name == "objects":
        fields[0]["references"] = {"field": {"@id": "pairs/pair"}}
    records: dict[str, Any] = {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}
    return {**records, "key": {"@id": f"{name}/{key}"}} if key else records


def _image_records(folder: str, what: str) -> dict[str, Any]:
    name = f"{folder.lower()}_images"
    source = {"fileSet": {"@id": f"{folder}-files"}}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": what,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/pair",
                "name": "pair",
                "description": "name of the pair's files",
                "dataType": "sc:Text",
                "source": {**source, "extract": {"fileProperty": "filename"}},
            },
            {
                "@type": "cr:Field",
                "@id": f"{name}/image",
                "name": "image",
                "description": what,
                "dataType": "sc:ImageObject",
                "source": {**source, "extract": {"fileProperty": "content"}},
            },
        ],
    }


_TERMS = (
    "citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes",
    "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated",
    "replace", "samplingRate", "separator", "source", "subField", "transform",
)  # fmt: skip
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "equivalentProperty": "cr:equivalentProperty",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{term: f"cr:{term}" for term in _TERMS},
}
"""The context that the specification prescribes: which vocabulary each word is of."""
