"""How the scores of each fuser fall when its sources are corrupted: curves over severity, and losses against clean.

Corrupted cells have no section of their own: what matters about them is the difference to the clean ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reports.ablation import ablation_columns
from reports.boards import Board
from reports.collect import Collection, Context
from reports.labels import arrow, format_number, slug
from reports.scores import MethodScore, direction_of
from reports.svg import Drawing, method_colours, method_markers, to_drawing
from reports.tables import Column, Table, TableCell, TableRow, score_cell
from suite.statistics.loss import relative_change

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MISREGISTRATION = "shift"
"""Users ask for it most: its curves come first."""
BLIND_METRICS = ("en", "sd", "sf", "ag")
"""They look at the fused image alone and so take noise and stripes for detail: shown in the records, not as curves."""
MOST_METRICS = 3
MOST_PANELS = 6
PANELS_PER_LINE = 3
DODGE = 0.012
"""Of the axis: methods are drawn side by side, so that their intervals can be told apart."""


@dataclass(frozen=True)
class Curve:
    """One score under one kind of corruption."""

    axis: str
    """"infrared.shift [px]"."""
    metric: str
    context: Context
    """Of the clean pairs."""
    boards: tuple[tuple[float, Board], ...]
    """By severity; the clean pairs, severity 0, come first where they were scored."""

    @property
    def where(self) -> str:
        """The data, and the protocol and setup where there are several."""
        return ", ".join(part for part in (self.context.place, self.context.protocol, self.context.setup) if part)

    @property
    def clean(self) -> Board | None:
        """The board of the clean pairs."""
        severity, board = self.boards[0]
        return board if severity == 0 else None

    def points(self, method: str) -> list[tuple[float, MethodScore]]:
        """Severity and score of one method, where it is defined."""
        found = ((severity, board.scores.get((method, self.metric))) for severity, board in self.boards)
        return [(severity, score) for severity, score in found if score is not None and math.isfinite(score.value)]

    @property
    def methods(self) -> list[str]:
        """Who has at least two points, best on clean pairs first."""
        return [method for method in self.boards[0][1].methods if len(self.points(method)) > 1]


def clean_part(collection: Collection) -> Collection:
    """What was computed on clean sources; everything where nothing was."""
    rows = collection.rows[collection.rows["condition"] == ""]
    if rows.empty or len(rows) == len(collection.rows):
        return collection
    kept = set(rows["cell"])
    return replace(
        collection,
        records={cell: record for cell, record in collection.records.items() if cell in kept},
        rows=rows,
        per_image=collection.per_image[collection.per_image["cell"].isin(kept)],
        scores={cell: scores for cell, scores in collection.scores.items() if cell in kept},
    )


def robustness_items(boards: Sequence[Board], collection: Collection) -> list[Drawing | Table]:
    """One figure per kind of corruption, misregistration first, then one table of losses per score.

    Args:
        boards: Of the clean pairs and of all conditions.
        collection: All that was read.
    """
    curves = find_curves(boards, collection)
    drawings = []
    for axis in dict.fromkeys(curve.axis for curve in curves):
        panels = [curve for curve in curves if curve.axis == axis and curve.methods][:MOST_PANELS]
        if panels:
            drawings.append(_drawing(axis, panels, collection))
    tables = []
    for context, metric in dict.fromkeys((curve.context, curve.metric) for curve in curves):
        tables.append(_loss_table([c for c in curves if (c.context, c.metric) == (context, metric) and c.clean]))
    return [*drawings, *(table for table in tables if table is not None)]


def find_curves(boards: Sequence[Board], collection: Collection) -> list[Curve]:
    """Every kind of corruption of every context in the scores that stand for it, misregistration first."""
    known = {row.condition: (row.axis, row.severity) for one in collection.records.values() for row in one.rows[:1]}
    clean = {board.context: board for board in boards if not board.context.condition}
    lines: dict[tuple[str, Context], dict[float, Board]] = {}
    for board in boards:
        if board.context.condition:
            axis, severity = known[board.context.condition]
            base = board.context._replace(condition="")
            lines.setdefault((axis, base), {0.0: clean[base]} if base in clean else {})[severity] = board
    curves = [
        Curve(axis, metric, base, tuple(sorted(line.items(), key=lambda point: point[0])))
        for (axis, base), line in lines.items()
        for metric in _metrics(next(iter(line.values())))
    ]
    return sorted(curves, key=lambda curve: f".{MISREGISTRATION}" not in curve.axis.partition("+")[0])


def _metrics(board: Board) -> list[str]:
    return [metric for metric in ablation_columns(board) if metric not in BLIND_METRICS][:MOST_METRICS]


def _drawing(axis: str, curves: Sequence[Curve], collection: Collection) -> Drawing:
    lines = math.ceil(len(curves) / PANELS_PER_LINE)
    columns = min(len(curves), PANELS_PER_LINE)
    methods = list(dict.fromkeys(method for curve in curves for method in curve.methods))
    colours, marks = method_colours(collection.methods), method_markers(collection.methods)

    def draw() -> Figure:
        import matplotlib.pyplot as plt
        from matplotlib.lines import Line2D

        legend_lines = math.ceil(len(methods) / (2 * columns))
        size = (3.1 * columns + 0.2, 2.6 * lines + 0.25 * legend_lines)
        figure, axes = plt.subplots(lines, columns, figsize=size, squeeze=False)
        for panel, curve in zip(axes.flat, curves, strict=False):
            _panel(panel, curve, colours, marks)
        for panel in axes.flat[len(curves) :]:
            panel.set_axis_off()
        handles = [Line2D([], [], color=colours[m], marker=marks[m], markersize=5) for m in methods]
        figure.legend(handles, methods, loc="outside lower center", ncols=min(len(methods), 2 * columns))
        return figure

    told = "; ".join(
        f"{curve.boards[0][1].labels[curve.metric].text} of {method} on {curve.where}: "
        + ", ".join(f"{at:g}: {curve.boards[0][1].labels[curve.metric].with_unit(s.value, 3)}" for at, s in points)
        for curve in curves
        for method in curve.methods
        if (points := curve.points(method))
    )
    return to_drawing(
        draw,
        slug=f"robustness-{slug(axis).strip('-')}",
        title=f"Scores under {axis}",
        caption="0: clean pairs. Whiskers: 95 % intervals of each score; the tables below give the losses.",
        alt=f"Scores over the severity of {axis}. {told}.",
    )


def _panel(panel: Axes, curve: Curve, colours: dict[str, str], marks: dict[str, str]) -> None:
    label = curve.boards[0][1].labels[curve.metric]
    severities = [severity for severity, _ in curve.boards]
    width = max(severities) - min(severities)
    for place, method in enumerate(curve.methods):
        points = curve.points(method)
        aside = (place - (len(curve.methods) - 1) / 2) * DODGE * width
        x = [severity + aside for severity, _ in points]
        values = [score.value * label.scale for _, score in points]
        panel.plot(x, values, color=colours[method], marker=marks[method], markersize=4.5)
        for at, (_, score) in zip(x, points, strict=True):
            if math.isfinite(score.low):
                ends = [score.low * label.scale, score.high * label.scale]
                panel.plot([at, at], ends, color=colours[method], linewidth=0.9, alpha=0.7)
    panel.set_xticks(severities, [f"{severity:g}" for severity in severities])
    panel.set_xlabel(curve.axis)
    panel.set_ylabel(label.head)
    panel.set_title(curve.where)
    panel.grid(axis="y")


def _loss_table(curves: Sequence[Curve]) -> Table | None:
    """How much of one score is left under every condition, one line per method; None without clean scores."""
    if not curves or (origin := curves[0].clean) is None:
        return None
    metric, label = curves[0].metric, origin.labels[curves[0].metric]
    higher = direction_of(origin.scores, metric)
    what = "Loss" if higher else "Change"
    methods = [m for m in origin.methods if any(m in curve.methods for curve in curves)]
    if not methods:
        return None
    decimals = label.decimals_for(s.value for (_, key), s in origin.scores.items() if key == metric)
    columns = [Column(key="clean", text="clean", arrow=arrow(higher), higher=higher, group=label.head)]
    columns += [
        Column(key=f"{curve.axis} {severity:g}", text=f"{severity:g}", hint=board.context.condition, group=curve.axis)
        for curve in curves
        for severity, board in curve.boards[1:]
    ]
    rows = []
    for method in methods:
        clean = origin.scores.get((method, metric))
        cells = [score_cell(label, clean, decimals)]
        for curve in curves:
            cells += [_loss_cell(clean, board.scores.get((method, metric)), higher) for _, board in curve.boards[1:]]
        rows.append(TableRow(head=method, cells=tuple(cells)))
    return Table(
        slug=f"loss-{curves[0].context.slug}-{metric}",
        title=f"{what} of {label.text} under corruption: {curves[0].context.title}",
        heading=f"{what} of {label.text}, {curves[0].where}",
        corner="Fuser",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "Change relative to the clean pairs in percent, with its 95 % interval: the same images and trainings, "
            "clean and corrupted. Bold: the interval leaves out zero; intervals are not corrected for their number.",
        ),
    )


def _loss_cell(clean: MethodScore | None, corrupted: MethodScore | None, higher: bool | None) -> TableCell:
    if clean is None or corrupted is None:
        return TableCell.absent()
    change = relative_change(clean.scored, corrupted.scored)
    if not math.isfinite(change.value):
        return TableCell(
            text="\N{EN DASH}", missing=True, hint="the clean score is zero, or one of the two is undefined"
        )
    low, high = change.interval
    known = math.isfinite(low)
    proven = known and not low <= 0 <= high
    return TableCell(
        text=format_number(100 * change.value, 1, signed=True),
        spread=f"[{format_number(100 * low, 1, signed=True)}, {format_number(100 * high, 1, signed=True)}]" * known,
        value=change.value,
        low=low,
        high=high,
        records=(*corrupted.cells, *(cell for cell in clean.cells if cell not in corrupted.cells)),
        strong=proven,
        worse=proven and higher is not None and (change.value < 0) == higher,
    )
