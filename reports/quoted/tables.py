"""A quoted table as the page shows it: their means, then ours under the same convention, without rank and marks."""

from __future__ import annotations

import math

import numpy as np

from reports.collect import Collection
from reports.labels import MetricLabel, arrow, dataset_label
from reports.quoted.sheets import QuotedSheet
from reports.quoted.toolkits import TOOLKITS
from reports.tables import Column, Table, TableCell, TableRow
from suite.rows import Row
from suite.statistics.intervals import mean_interval

QUOTED, OURS = "quoted", "measured here"


def quoted_table(sheet: QuotedSheet, collection: Collection) -> Table:
    """Their table, with our methods on the same dataset and under the same convention below it.

    Args:
        sheet: What was read.
        collection: Our records.
    """
    ours = _ours(sheet, collection)
    metrics = list(sheet.values)
    stated = {row.metric: row for rows in ours.values() for row in rows}
    columns = tuple(
        Column(
            key=metric,
            text=stated[metric].label if metric in stated else metric.upper() if metric != "qabf" else "Qabf",
            arrow=arrow(stated[metric].better) if metric in stated else "",
            higher=stated[metric].better if metric in stated else None,
        )
        for metric in metrics
    )
    rows = [
        TableRow(head=f"{method} ({QUOTED})", cells=tuple(_theirs(sheet, metric, method) for metric in metrics))
        for method in sheet.methods
    ]
    rows += [
        TableRow(head=f"{method} ({OURS})", cells=tuple(_measured(found, metric) for metric in metrics))
        for method, found in ours.items()
    ]
    about = sheet.about
    counts = sorted({len(values) for by_method in sheet.values.values() for values in by_method.values()})
    images = f"{counts[-1]} images" if counts and counts[-1] > 1 else "means as printed"
    toolkit = f"{TOOLKITS[about.convention]} (convention {about.convention!r})"
    notes = [
        f"Quoted from {about.source}; made with the {toolkit}, {images}. Not computed and not checked here, and not "
        "ranked: neither among themselves nor with ours."
    ]
    if not ours:
        notes.append(f"No submission has scored {dataset_label(about.dataset)} under this convention yet.")
    return Table(
        slug=sheet.slug,
        title=f"{about.title} on {dataset_label(about.dataset)}, quoted",
        corner="Method",
        columns=columns,
        rows=tuple(rows),
        notes=(*notes, *([about.remarks] if about.remarks else [])),
    )


def _ours(sheet: QuotedSheet, collection: Collection) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for record in collection.records.values():
        row = record.rows[0]
        same = record.settings.get("settings", {}).get("convention") == sheet.about.convention
        if record.task == "quality" and row.dataset == sheet.about.dataset and same:
            found.setdefault(row.fuser, []).extend(record.rows)
    return dict(sorted(found.items()))


def _theirs(sheet: QuotedSheet, metric: str, method: str) -> TableCell:
    values = sheet.values[metric].get(method)
    known = values[np.isfinite(values)] if values is not None else np.array([])
    if not len(known):
        return TableCell(text="–", missing=True, hint="not in the quoted table")
    return _cell(float(known.mean()), *mean_interval(known), len(known))


def _measured(rows: list[Row], metric: str) -> TableCell:
    row = next((row for row in rows if row.metric == metric and math.isfinite(row.value)), None)
    if row is None:
        return TableCell(text="–", missing=True, hint="not measured")
    return _cell(row.value, row.ci_low, row.ci_high, row.n)


def _cell(value: float, low: float, high: float, count: int) -> TableCell:
    label = MetricLabel(text="")
    decimals = label.decimals_for([value])
    spread = f"[{label.show(low, decimals)}, {label.show(high, decimals)}]" if math.isfinite(low) else ""
    hint = f"n = {count}" if count > 1 else "as printed"
    return TableCell(text=label.show(value, decimals), spread=spread, value=value, low=low, high=high, hint=hint)
