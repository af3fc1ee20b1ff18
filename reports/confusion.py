"""What was taken for what: confusion matrices of segmenters, and what detectors found, missed and made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reports.artefacts import read_json
from reports.boards import Board
from reports.collect import Collection
from reports.svg import INK, Drawing, evidence_colour, to_drawing
from suite.statistics.intervals import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MATRICES = 4
COUNTS = {"tp": "found", "fn": "missed", "fp": "false alarms"}


def confusion_matrices(board: Board, collection: Collection) -> Drawing | None:
    """One matrix per method, rows summing to 100 %: the best ones, as far as there is room; None without any."""
    found: dict[str, Array] = {}
    classes: list[str] = []
    for method in board.present:
        matrix, names = _summed(board, collection, method)
        if matrix is not None and (not classes or names == classes):
            found[method], classes = matrix, names
    if not found:
        return None
    # A class without a true pixel would be an empty row.
    kept = [i for i in range(len(classes)) if any(m[i].sum() > 0 for m in found.values())]
    names = [classes[i] for i in kept]
    shown = {m: _percent(matrix[np.ix_(kept, kept)], matrix[kept]) for m, matrix in list(found.items())[:MOST_MATRICES]}

    def draw() -> Figure:
        import matplotlib.pyplot as plt
        import seaborn as sns

        side = 1.3 + 0.3 * len(names)
        columns = min(2, len(shown))
        lines = -(-len(shown) // columns)
        figure, axes = plt.subplots(lines, columns, figsize=(side * columns, side * lines), squeeze=False)
        for axis in list(axes.flat)[len(shown) :]:
            axis.set_visible(False)
        for place, (axis, (method, grid)) in enumerate(zip(axes.flat, shown.items(), strict=False)):
            sns.heatmap(
                grid, ax=axis, cmap="crest", vmin=0, vmax=100, cbar=False, square=True, linewidths=0.8,
                linecolor="none", annot=len(names) <= 8, fmt=".0f", annot_kws={"size": 7.5},
                xticklabels=names, yticklabels=names if place % columns == 0 else [],
            )  # fmt: skip
            axis.set_title(method)
            axis.set_xlabel("predicted")
            axis.set_ylabel("true" if place % columns == 0 else "")
            axis.tick_params(axis="x", rotation=90)
        return figure

    rest = len(found) - len(shown)
    worst = {m: _worst(names, grid) for m, grid in shown.items()}
    return to_drawing(
        draw,
        slug=f"confusion-{board.context.slug}",
        title="Confusion matrix",
        caption="Percent of what is truly of each class (objects or pixels), all test images and seeds."
        + (f" The best {len(shown)} methods; {rest} more have one." if rest else ""),
        alt=f"Confusion matrices, {board.context.title}. Worst class: "
        + ", ".join(f"{m} {name}" for m, name in worst.items())
        + ".",
    )


def _summed(board: Board, collection: Collection, method: str) -> tuple[Array | None, list[str]]:
    total: Array | None = None
    names: list[str] = []
    for cell in sorted({c for (m, _), s in board.scores.items() if m == method for c in s.cells}):
        content = read_json(collection.records[cell], "confusion.json")
        if not isinstance(content, dict) or not {"classes", "matrix"} <= set(content):
            continue
        matrix, names = np.asarray(content["matrix"], dtype=float), [str(name) for name in content["classes"]]
        if matrix.shape != (len(names), len(names)):
            continue
        total = matrix if total is None or total.shape != matrix.shape else total + matrix
    return total, names


def _worst(names: list[str], grid: Array) -> str:
    """The class that is recognised least; the background is none."""
    diagonal = {n: v for n, v in zip(names, np.diagonal(grid).tolist(), strict=True) if n != "background" and v == v}
    return min(diagonal, key=lambda name: diagonal[name], default="none")


def _percent(part: Array, rows: Array) -> Array:
    whole = rows.sum(axis=1, keepdims=True)
    share: Array = np.divide(100 * part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return share


def object_counts(board: Board, collection: Collection) -> Drawing | None:
    """Found, missed and made-up objects per method, from the counts of every image; None where nothing was counted."""
    images = collection.images_in(board.context)
    images = images[images["metric"].isin(list(COUNTS)) & images["method"].isin(board.present)]
    if images.empty:
        return None
    # Seeds are averaged, so that a method with one training more does not look busier.
    sums = images.groupby(["method", "seed", "metric"], dropna=False)["value"].sum()
    table = sums.groupby(level=["method", "metric"]).mean().unstack("metric").reindex(columns=list(COUNTS)).fillna(0)
    methods = [m for m in board.present if m in table.index]
    colours = dict(zip(COUNTS, (evidence_colour("visible"), "none", evidence_colour("infrared")), strict=True))

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(5.2, 0.9 + 0.3 * len(methods)))
        left = np.zeros(len(methods))
        for key, words in COUNTS.items():
            values = table.loc[methods, key].to_numpy(dtype=float)
            edge = INK if key == "fn" else colours[key]
            bars = axes.barh(methods, values, left=left, color=colours[key], edgecolor=edge, label=words, height=0.62)
            axes.bar_label(bars, [f"{v:.0f}" if v else "" for v in values], label_type="center", fontsize=8)
            left += values
        axes.invert_yaxis()
        axes.set_xlabel("Objects, mean over seeds")
        axes.spines[["left", "bottom"]].set_visible(False)
        figure.legend(loc="outside upper left", ncols=len(COUNTS))
        return figure

    numbers = {m: table.loc[m].to_numpy(dtype=float) for m in methods}
    told = "; ".join(
        f"{m}: " + ", ".join(f"{v:.0f} {words}" for v, words in zip(numbers[m], COUNTS.values(), strict=True))
        for m in methods
    )
    return to_drawing(
        draw,
        slug=f"counts-{board.context.slug}",
        title="Found, missed, made up",
        caption="All test images, at IoU 0.5 and the confidence of the best F1.",
        alt=f"Detections of {board.context.title}. {told}.",
    )
