"""Quality against milliseconds: every method with its interval, and the front that none beats in both."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reports.boards import Board
from reports.labels import BASELINES, split_metric
from reports.relations import write_labels
from reports.svg import MUTED, Drawing, method_colours, method_markers, to_drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_OF_QUALITY = ("vif", "qabf", "ssim")
"""The metrics that the method's own search weighs; shown where a task has no metric that ranks."""
MOST_PANELS = 3


@dataclass(frozen=True)
class Times:
    """Milliseconds per image of all methods that were measured on one kind of machine."""

    metric: str
    hardware: str
    by_method: Mapping[str, float]


def times_of(costs: Sequence[Board], hardware: Mapping[str, str]) -> Times | None:
    """The times that most methods share: one size on one kind of machine; None where nothing was measured.

    Args:
        costs: Boards of the task cost.
        hardware: Of each cost record, by cell id.
    """
    found: Counter[tuple[str, str]] = Counter()
    values: dict[tuple[str, str], dict[str, float]] = {}
    for board in costs:
        for (method, metric), score in board.scores.items():
            if split_metric(metric)[0] == "ms" and math.isfinite(score.value) and score.value > 0:
                key = (metric, hardware[score.cells[0]])
                found[key] += 1
                values.setdefault(key, {})[method] = score.value
    if not found:
        return None
    (metric, machine), _ = found.most_common(1)[0]
    return Times(metric, machine, values[metric, machine])


def pareto_plot(board: Board, times: Times, methods: Sequence[str]) -> Drawing | None:
    """One panel per metric; None where fewer than two methods have both a score and a time.

    Args:
        board: Of one task and dataset.
        times: Of the methods.
        methods: All methods of the page, in the order that gives colours and the numbers that the filters know them by.
    """
    metrics = _metrics(board)
    panels = {metric: points for metric in metrics if len(points := _points(board, metric, times)) > 1}
    if not panels:
        return None
    colours, marks = method_colours(list(methods)), method_markers(list(methods))

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        width = 5.6 if len(panels) == 1 else 4.1 * len(panels)
        figure, grid = plt.subplots(1, len(panels), figsize=(width, 3.7), squeeze=False)
        for axes, (metric, points) in zip(grid[0], panels.items(), strict=True):
            _panel(axes, board, metric, points, methods, colours, marks)
            axes.set(xlabel="ms per image, logarithmic", ylabel=board.labels[metric].head)
        return figure

    fronts = [f"{board.labels[m].text}: {', '.join(front_of(points))}" for m, points in panels.items()]
    drawing = to_drawing(
        draw,
        slug=f"pareto-{board.context.slug}"[:80],
        title="Quality against time",
        caption=f"Times at {split_metric(times.metric)[1].replace('x', '×')} on {times.hardware}. Bars: 95 % interval "
        "of the score; a bar that crosses the line is not proven to lie behind it. The line joins the methods that no "
        f"other beats in both: {'; '.join(fronts)}.",
        alt=f"Score against milliseconds per image, {board.context.title}. Not beaten in both: {'; '.join(fronts)}.",
    )
    return replace(drawing, svg=re.sub(r'id="method-(\d+)"', r'data-method="\1"', drawing.svg))


def front_of(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """The methods that no other beats or equals in both, fastest first; a point is (time, score).

    >>> front_of({"slow": (9.0, 0.9), "fast": (1.0, 0.5), "beaten": (9.0, 0.7)})
    ['fast', 'slow']
    """
    front: list[str] = []
    for method in sorted(points, key=lambda m: (points[m][0], -points[m][1])):
        if not front or points[method][1] > points[front[-1]][1]:
            front.append(method)
    return front


def _metrics(board: Board) -> list[str]:
    if board.primary:
        return [board.primary] if board.primary in board.metrics else []
    rising = [m for m in board.judged if any(s.higher for (_, key), s in board.scores.items() if key == m)]
    chosen = [m for m in SHOWN_OF_QUALITY if m in rising]
    return (chosen or rising)[:MOST_PANELS]


def _points(board: Board, metric: str, times: Times) -> dict[str, tuple[float, float]]:
    """(milliseconds, score as shown) of each fuser; the sources are no fusers."""
    scale = board.labels[metric].scale
    found = {
        m: (times.by_method[m], score.value * scale)
        for (m, key), score in board.scores.items()
        if key == metric and m in times.by_method and m not in BASELINES
    }
    return {m: point for m, point in found.items() if math.isfinite(point[1])}


def _panel(
    axes: Axes, board: Board, metric: str, points: Mapping[str, tuple[float, float]], methods: Sequence[str],
    colours: Mapping[str, str], marks: Mapping[str, str],
) -> None:  # fmt: skip
    from matplotlib.ticker import LogLocator, NullLocator

    scale = board.labels[metric].scale
    axes.set_xscale("log")
    front = [points[m] for m in front_of(points)]
    axes.step([x for x, _ in front], [y for _, y in front], where="post", color=MUTED, linewidth=1.0, zorder=1)
    for method, (x, y) in points.items():
        score, name = board.scores[method, metric], f"method-{methods.index(method)}"
        if math.isfinite(score.low):
            bar = axes.vlines(
                [x], [score.low * scale], [score.high * scale], colors=colours[method], linewidth=1.1, zorder=2
            )
            bar.set_gid(name)
        dot = axes.plot(
            [x], [y], color=colours[method], marker=marks[method], markersize=6.5, linestyle="none", zorder=3
        )
        dot[0].set_gid(name)
    if board.primary:
        levels = {s: board.scores[s, metric].value * scale for s in BASELINES if (s, metric) in board.scores}
        for source, level in levels.items():
            if math.isfinite(level):
                # Two sources often score alike: the name of the lower one stands below its line.
                side = "bottom" if level == max(levels.values()) else "top"
                axes.axhline(level, color=MUTED, linewidth=0.8, linestyle=(0, (2, 3)), zorder=1)
                axes.annotate(source, (0.995, level), xycoords=("axes fraction", "data"), ha="right", va=side,
                              fontsize=8, color=MUTED)  # fmt: skip
    axes.margins(0.16, 0.12)
    axes.grid()
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    named_first = {m: points[m] for m in (*front_of(points), *points)}
    for method, label in write_labels(axes, named_first).items():
        label.set_gid(f"method-{methods.index(method)}")
