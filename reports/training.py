"""How the networks behind a board learned: loss and validation score per epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reports.artefacts import read_curve
from reports.boards import Board
from reports.collect import Collection
from reports.svg import Drawing, method_colours, to_drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 4
LEGEND_ROW = 0.22
"""Inches that a row of the legend takes."""
Curve = dict[int, list[dict[str, float]]]
"""Epoch -> the rows of all seeds."""


def training_curves(board: Board, collection: Collection) -> Drawing | None:
    """Two panels, one line per method, mean over seeds; None where the records hold no curves."""
    curves = {m: c for m in board.present if (c := _curves(board, collection, m))}
    if not curves:
        return None
    score = next((k for k in (board.primary, "map50", "miou") if any(k in r for r in _rows(curves))), "")
    colours, label = method_colours(collection.methods), board.labels[score]

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        panels = [("loss", "Training loss", 1.0)]
        if score:
            panels.append((score, f"Validation {label.head}", label.scale))
        # The legend takes its rows from the panels unless the figure grows by them.
        extra = LEGEND_ROW * (math.ceil(len(curves) / LEGEND_COLUMNS) - 1)
        figure, axes = plt.subplots(1, len(panels), figsize=(3.2 * len(panels), 2.7 + extra), squeeze=False)
        for axis, (key, title, scale) in zip(axes.flat, panels, strict=True):
            for method, curve in curves.items():
                points = [(epoch, _mean(rows, key) * scale) for epoch, rows in sorted(curve.items())]
                x, y = [p[0] for p in points], [p[1] for p in points]
                axis.plot(x, y, color=colours[method], label=method, marker="o" if len(x) < 3 else "", markersize=4)
            axis.set_title(title)
            axis.set_xlabel("Epoch")
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.grid()
        if len(curves) > 1:
            handles, names = axes.flat[0].get_legend_handles_labels()
            figure.legend(handles, names, loc="outside lower center", ncols=min(LEGEND_COLUMNS, len(curves)))
        return figure

    last = {m: max(curve) for m, curve in curves.items()}
    told = "; ".join(
        f"{m} {label.with_unit(_mean(curves[m][epoch], score), 1)} after epoch {epoch}" for m, epoch in last.items()
    )
    return to_drawing(
        draw,
        slug=f"training-{board.context.slug}",
        title="Training",
        caption="Mean over seeds. The epoch that was best on validation is the one tested.",
        alt=f"Training curves, {board.context.title}. {told if score else 'Loss alone.'}.",
    )


def _curves(board: Board, collection: Collection, method: str) -> Curve:
    found: Curve = {}
    for cell in sorted({c for (m, _), s in board.scores.items() if m == method for c in s.cells}):
        for row in read_curve(collection.records[cell]):
            found.setdefault(int(row["epoch"]), []).append(row)
    return found


def _rows(curves: dict[str, Curve]) -> list[dict[str, float]]:
    return [row for curve in curves.values() for rows in curve.values() for row in rows]


def _mean(rows: list[dict[str, float]], key: str) -> float:
    known = [row[key] for row in rows if key in row and np.isfinite(row[key])]
    return float(np.mean(known)) if known else float("nan")
