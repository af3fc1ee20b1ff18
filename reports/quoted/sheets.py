"""Reads published tables of metrics: xlsx or csv, per image or as means.

    quoted/<name>/quoted.yaml       title, source, dataset, convention, layout, files
                  EN.csv ...        or Metric_TNO.xlsx ...

`layout: images` is what the toolkits of Tang et al. and their descendants write: one sheet (or csv) per metric, named
after it, one column per method, one line per image, perhaps lines "mean" and "std" at the end. `layout: means` is a
paper's table: one line per method, one column per metric. Formulas are never computed; a workbook is read by the values
that it stores.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from reports.labels import slug
from reports.quoted.toolkits import SUMMARIES, TOOLKITS, metric_of
from reports.submissions.fields import check_name, check_place, check_text
from reports.submissions.plain_yaml import read_plain_yaml
from reports.submissions.refusal import refusal
from suite.errors import MissingPackage, ResultError, SettingsError, UnknownName
from suite.files import describe_irregular
from suite.settings import from_mapping
from suite.statistics.intervals import Array

MANIFEST = "quoted.yaml"
MIB = 2**20
LARGEST_FILE, LARGEST_UNPACKED = 8 * MIB, 128 * MIB
MOST_CELLS = 2_000_000
ROUNDED = 6e-3
"""Relative difference of a "mean" line from the mean of its images: toolkits print three decimals."""
Grid = list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """The fields of quoted.yaml."""

    title: str
    """Name of the table, for example "Metric_TNO.xlsx"."""
    source: str
    """Where it was published: an https address, or words."""
    dataset: str
    """Name of the dataset as in `python -m datasets list`."""
    convention: str
    """The convention of `diffif.metrics` that its toolkit follows."""
    layout: Literal["images", "means"]
    """One sheet per metric with a line per image, or one table of means."""
    files: tuple[str, ...]
    """One workbook, or one or more csv files, beside quoted.yaml."""
    remarks: str = ""
    """What a reader must know."""


@dataclass(frozen=True, kw_only=True)
class QuotedSheet:
    """A published table."""

    slug: str
    about: Quotation
    values: Mapping[str, Mapping[str, Array]]
    """Metric -> method -> (N,) values of single images, or (1,) the mean where images were not published."""

    @property
    def methods(self) -> list[str]:
        """In the order of the table."""
        return list(dict.fromkeys(method for by_method in self.values.values() for method in by_method))


def read_quoted(folder: Path) -> list[QuotedSheet]:
    """Every quoted table below a folder; [] where the folder is not there.

    Raises:
        ResultError: a table cannot be read; names the first.
    """
    homes = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [read_sheet(home) for home in homes]


def read_sheet(home: Path) -> QuotedSheet:
    """One quoted table.

    Raises:
        ResultError: a field or a file is not what the module's docstring says.
        MissingPackage: openpyxl, for a workbook.
    """
    content = read_plain_yaml(home, MANIFEST)
    try:
        about = from_mapping(Quotation, content)
    except (SettingsError, UnknownName) as error:
        fields = "title, source, dataset, convention, layout, files, remarks"
        raise refusal(
            f"{home.name}/{MANIFEST}", "fields", expected=fields, found=str(error), remedy="See docs."
        ) from error
    for name in ("title", "source", "remarks"):
        check_text(MANIFEST, name, getattr(about, name))
    check_name(MANIFEST, "dataset", about.dataset)
    if about.convention not in TOOLKITS:
        raise ResultError(f"{home.name}/{MANIFEST}: {UnknownName('convention', about.convention, known=TOOLKITS)}")
    grids = {name: grid for file in about.files for name, grid in _read_grids(home, file).items() if grid}
    if not grids:
        raise refusal(f"{home.name}/{MANIFEST}", "files", expected="a table", found="none", remedy="Name the files.")
    read = _by_image if about.layout == "images" else _by_mean
    return QuotedSheet(slug=f"quoted-{slug(home.name)[:60]}", about=about, values=read(grids))


def _read_grids(home: Path, file: str) -> dict[str, Grid]:
    """Name of a sheet -> its cells as text."""
    check_place(MANIFEST, "files", file)
    path = home / file
    if irregular := describe_irregular(path) or ("is a link" if path.is_symlink() else ""):
        raise ResultError(f"{path} {irregular}. Expected a csv or xlsx file.")
    if path.stat().st_size > LARGEST_FILE:
        raise refusal(
            file, "size", expected=f"at most {LARGEST_FILE // MIB} MiB", found=path.stat().st_size, remedy="Split it."
        )
    if path.suffix.casefold() == ".csv":
        try:
            return {path.stem: list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))}
        except (ValueError, csv.Error) as error:
            raise refusal(file, "content", expected="CSV", found=str(error), remedy="Save it as CSV, UTF-8.") from error
    if path.suffix.casefold() == ".xlsx":
        return _read_workbook(path)
    raise refusal(file, "kind", expected=".csv or .xlsx", found=path.suffix, remedy="Save the table as CSV.")


def _read_workbook(path: Path) -> dict[str, Grid]:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingPackage("openpyxl", f"reading {path.name}") from error
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > LARGEST_UNPACKED:
            raise ValueError(f"it unpacks to {size / MIB:,.0f} MiB, at most {LARGEST_UNPACKED // MIB}")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        grids, count = {}, 0
        for sheet in book.worksheets:
            grid: Grid = []
            for line in sheet.iter_rows(values_only=True):
                count += len(line)
                if count > MOST_CELLS:
                    raise ValueError(f"more than {MOST_CELLS:,} cells")
                grid.append(
                    ["" if cell is None else repr(cell) if isinstance(cell, float) else str(cell) for cell in line]
                )
            if any(any(line) for line in grid):
                grids[sheet.title] = grid
        book.close()
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, SyntaxError) as error:
        raise refusal(
            path.name, "content", expected="a workbook", found=str(error), remedy="Save it as CSV."
        ) from error
    return grids


def _by_image(grids: Mapping[str, Grid]) -> dict[str, dict[str, Array]]:
    values: dict[str, dict[str, Array]] = {}
    for name, (head, *lines) in grids.items():
        check_text(name, "sheet", name)
        values[metric_of(name)] = {
            _method(name, method): _column(name, method, place, lines)
            for place, method in enumerate(head[1:], start=1)
            if method.strip()
        }
    return values


def _column(sheet: str, method: str, place: int, lines: Sequence[Sequence[str]]) -> Array:
    """The values of the images; a line "mean" must agree with them."""
    found, told = [], math.nan
    for number, line in enumerate(lines, start=2):
        if not any(line) or place >= len(line):
            continue
        value = _number(sheet, f"line {number}, {method}", line[place])
        if line[0].strip().casefold() not in SUMMARIES:
            found.append(value)
        elif line[0].strip().casefold() in ("mean", "average", "avg"):
            told = value
    values = np.array(found, dtype=float)
    known = values[np.isfinite(values)]
    if math.isfinite(told) and len(known) and not math.isclose(told, known.mean(), rel_tol=ROUNDED, abs_tol=ROUNDED):
        raise refusal(
            sheet, f"mean of {method}", expected=f"{known.mean():.4f}, of its {len(known)} images", found=told,
            remedy="The sheet contradicts itself: images are missing, or lines are of another table.",
        )  # fmt: skip
    return values


def _by_mean(grids: Mapping[str, Grid]) -> dict[str, dict[str, Array]]:
    values: dict[str, dict[str, Array]] = {}
    for name, (head, *lines) in grids.items():
        for place, title in enumerate(head[1:], start=1):
            check_text(name, "column", title)
            for number, line in enumerate(lines, start=2):
                if any(line) and place < len(line):
                    value = _number(name, f"line {number}, {title}", line[place])
                    values.setdefault(metric_of(title), {})[_method(name, line[0])] = np.array([value])
    return values


def _method(sheet: str, name: str) -> str:
    check_name(sheet, "method", name.strip())
    return name.strip()


def _number(sheet: str, where: str, text: str) -> float:
    if not text.strip():
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isinf(value):
        raise refusal(sheet, where, expected="a number", found=text, remedy="Formulas and words are not read.")
    return value
