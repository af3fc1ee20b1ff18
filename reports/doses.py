"""Variants that differ in one number (`prior-weight=0.5`, `=2`, `=8`) drawn as a curve over that number."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reports.ablation import ablation_columns, families
from reports.boards import Board, build_boards
from reports.collect import Collection
from reports.labels import MetricLabel, slug
from reports.scores import MethodScore
from reports.svg import INK, MUTED, RULE, Drawing, to_drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOSE = re.compile(r"(?:.* · |[^@]*@)([\w.:-]+)=([0-9.eE+-]+)")
"""A method's name that ends in one number: "diffif · prior-weight=0.5", "diffif@steps=4"."""
MOST_PANELS = 4
LOGARITHMIC_FROM = 8
"""Ratio of the largest to the smallest dose from which the axis is logarithmic."""


def dose_curves(collection: Collection) -> list[Drawing]:
    """One figure per full method and number that at least two of its variants set."""
    drawings = []
    for full, variants in families(collection).items():
        for name, doses in _doses(variants).items():
            boards = build_boards(collection, methods=[full, *doses])
            panels = [(b, m) for b in boards for m in ablation_columns(b) if _points(b, m, doses)][:MOST_PANELS]
            if len(doses) > 1 and panels:
                drawings.append(_drawing(full, name, doses, panels))
    return drawings


def _doses(variants: Sequence[str]) -> dict[str, dict[str, float]]:
    """Name of the number -> variant -> its value, ascending."""
    found: dict[str, dict[str, float]] = {}
    for variant in variants:
        matched = DOSE.fullmatch(variant)
        if matched is None:
            continue
        try:
            found.setdefault(matched[1], {})[variant] = float(matched[2])
        except ValueError:
            continue
    return {name: dict(sorted(doses.items(), key=lambda item: item[1])) for name, doses in found.items()}


def _points(board: Board, metric: str, doses: dict[str, float]) -> list[tuple[float, MethodScore]]:
    return [
        (dose, score)
        for variant, dose in doses.items()
        if (score := board.scores.get((variant, metric))) is not None and math.isfinite(score.value)
    ]


def _drawing(full: str, name: str, doses: dict[str, float], panels: Sequence[tuple[Board, str]]) -> Drawing:
    def draw() -> Figure:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(1, len(panels), figsize=(2.9 * len(panels) + 0.6, 2.8), squeeze=False)
        for axis, (board, metric) in zip(axes.flat, panels, strict=True):
            _panel(axis, board.labels[metric], _points(board, metric, doses), board.scores.get((full, metric)))
            axis.set_title(board.context.place)
            axis.set_xlabel(name)
        return figure

    told = "; ".join(
        f"{board.labels[metric].text} on {board.context.place}: "
        + ", ".join(f"{d:g}: {board.labels[metric].with_unit(s.value, 3)}" for d, s in _points(board, metric, doses))
        for board, metric in panels
    )
    return to_drawing(
        draw,
        slug=f"dose-{slug(full)}-{slug(name)}",
        title=f"{full}: {name}",
        caption="With 95 % intervals. Dashed: the full method, its interval shaded.",
        alt=f"Score of {full} over {name}. {told}.",
    )


def _panel(
    axis: Axes, label: MetricLabel, points: Sequence[tuple[float, MethodScore]], full: MethodScore | None
) -> None:
    x = [dose for dose, _ in points]
    axis.plot(x, [s.value * label.scale for _, s in points], color=INK, marker="o", markersize=5)
    for dose, score in points:
        if math.isfinite(score.low):
            axis.plot([dose, dose], [score.low * label.scale, score.high * label.scale], color=MUTED, linewidth=1)
    if full is not None and math.isfinite(full.value):
        axis.axhline(full.value * label.scale, color=MUTED, linestyle="--", linewidth=1)
        if math.isfinite(full.low):
            axis.axhspan(full.low * label.scale, full.high * label.scale, color=RULE, alpha=0.35, linewidth=0)
    if min(x) > 0 and max(x) / min(x) >= LOGARITHMIC_FROM:
        axis.set_xscale("log")
        axis.minorticks_off()
    axis.set_xticks(x, [f"{dose:g}" for dose in x])
    axis.set_ylabel(label.head)
    axis.grid(axis="y")
