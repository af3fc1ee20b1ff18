"""Plots of how measures relate: precision and recall, image metrics and the user's score, score and cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from reports.artefacts import read_json
from reports.boards import Board
from reports.collect import Collection
from reports.labels import BASELINES, Labels, format_number, show_p, split_metric
from reports.svg import INK, MUTED, RULE, Drawing, method_colours, method_markers, to_drawing
from suite.statistics.comparison import holm
from suite.statistics.ranking import rank_correlation, rank_correlation_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

LABEL_SIZE = 8.5
LEGEND_ROWS = 24
"""Methods in one column of a legend, at most."""
FEWEST_FUSERS = 5
"""Below five fusers no rank correlation can be significant: the plot is not drawn."""


def precision_recall(board: Board, collection: Collection) -> Drawing | None:
    """Precision over recall, one line per method, mean over seeds."""
    import pandas as pd
    import seaborn as sns

    curves = {m: c for m in board.present if (c := _mean_curve(board, collection, m)) is not None}
    if not curves:
        return None
    colours = method_colours(collection.methods)
    lengths = [pd.DataFrame({"recall": r, "precision": p, "method": m}) for m, (r, p) in curves.items()]
    data = pd.concat(lengths, ignore_index=True)

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        # The legend stands beside the curves; many methods take several columns and a taller figure.
        columns = math.ceil(len(curves) / LEGEND_ROWS)
        rows = math.ceil(len(curves) / columns)
        figure, axes = plt.subplots(figsize=(3.8 + 1.6 * columns, max(3.2, 0.22 * rows)))
        sns.lineplot(
            data=data, x="recall", y="precision", hue="method", style="method", palette={m: colours[m] for m in curves},
            errorbar=None, estimator=None, sort=False, ax=axes,
        )  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="Recall", ylabel="Precision")
        axes.grid()
        sns.move_legend(axes, "center left", bbox_to_anchor=(1.02, 0.5), title=None, ncols=columns)
        return figure

    areas = ", ".join(f"{m} {np.trapezoid(p, r):.2f}" for m, (r, p) in curves.items())
    return to_drawing(
        draw,
        slug=f"precision-recall-{board.context.slug}",
        title="Precision and recall",
        caption="At IoU 0.5, mean over classes and seeds. Where lines cross, the better fuser depends on the operating "
        "point.",
        alt=f"Precision-recall curves, {board.context.title}. Area under each: {areas}.",
    )


def metric_correlation(quality: Board, task: Board, collection: Collection) -> Drawing | None:
    """Does an image metric predict the task's score? Spearman's rho over fusers, one dot per metric."""
    found = correlations(quality, task)
    if not found:
        return None
    target = task.ranking or ""
    best, said = found[0], task.labels[target].text
    colours, marks = method_colours(collection.methods), method_markers(collection.methods)

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        figure, (left, right) = plt.subplots(
            1, 2, figsize=(9.6, max(2.8, 0.6 + 0.26 * len(found))), width_ratios=(1, 1.1)
        )
        _rho_axis(left, found, quality.labels)
        points = {m: (_value(quality, m, best[0]), _value(task, m, target)) for m in _shared(quality, task, best[0])}
        _label_points(right, points, colours, marks)
        right.set(xlabel=quality.labels[best[0]].head, ylabel=task.labels[target].head)
        right.set_title(f"{quality.labels[best[0]].text} against {said}")
        return figure

    told = "; ".join(f"{quality.labels[k].text} {show_rho(rho, n)} ({show_p(p)})" for k, rho, p, n in found)
    return to_drawing(
        draw,
        slug=f"correlation-{quality.context.slug}-{task.context.slug}",
        title=f"Do image metrics predict {said}? {task.context.place}{task.context.manner}",
        caption=f"Spearman's rho over {best[3]} fusers between {quality.context.title.lower()} and "
        f"{said}; filled: significant after Holm's correction; bars: 95 % interval over fusers. Positive: the better "
        "image metric goes with the better score.",
        alt=f"Rank correlation of each image metric with {said}: {told}.",
    )


def correlations(quality: Board, task: Board) -> list[tuple[str, float, float, int]]:
    """(metric, rho, corrected p, fusers) per image metric, highest rho first; rho > 0: better goes with better."""
    target = task.ranking
    if target is None:
        return []
    rows = []
    for metric in quality.judged:
        methods = _shared(quality, task, metric)
        higher = next((quality.scores[m, metric].higher for m in methods), None)
        if len(methods) < FEWEST_FUSERS or higher is None:
            continue
        sign = 1.0 if higher else -1.0
        rho, p = rank_correlation(
            [sign * quality.scores[m, metric].value for m in methods], [task.scores[m, target].value for m in methods]
        )
        if math.isfinite(rho):
            rows.append((metric, rho, p, len(methods)))
    corrected = holm([p for _, _, p, _ in rows])
    joined = [(m, rho, float(p), n) for (m, rho, _, n), p in zip(rows, corrected, strict=True)]
    return sorted(joined, key=lambda row: -row[1])


def show_rho(rho: float, count: int) -> str:
    """A rank correlation with its 95 % interval over fusers.

    >>> show_rho(-0.6, 16)
    '−0.60 [−0.86, −0.10]'
    """
    low, high = rank_correlation_interval(rho, count)
    shown = [format_number(value, 2, signed=True) for value in (rho, low, high)]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]" if math.isfinite(low) else shown[0]


def score_and_cost(task: Board, cost: Board, collection: Collection) -> Drawing | None:
    """The task's score over the time per image."""
    target = task.ranking or ""
    times = [m for m in cost.metrics if split_metric(m)[0] == "ms"]
    if not times or (target not in task.metrics):
        return None
    time = times[-1]
    points = {
        m: (_value(cost, m, time), _value(task, m, target))
        for m in task.present
        if (m, time) in cost.scores and (m, target) in task.scores and m not in BASELINES
    }
    points = {m: point for m, point in points.items() if all(map(math.isfinite, point)) and point[0] > 0}
    if len(points) < 2:
        return None
    front = _front(points)
    colours, marks = method_colours(collection.methods), method_markers(collection.methods)

    def draw() -> Figure:
        import matplotlib.pyplot as plt
        from matplotlib.ticker import LogLocator, NullLocator

        figure, axes = plt.subplots(figsize=(5.4, 3.4))
        axes.set_xscale("log")
        # Whoever is not beaten is named first.
        _label_points(axes, {m: points[m] for m in (*front, *points)}, colours, marks)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set(xlabel=f"{cost.labels[time].head}, logarithmic", ylabel=task.labels[target].head)
        return figure

    return to_drawing(
        draw,
        slug=f"cost-{task.context.slug}-{time.replace('/', '-')}",
        title=f"{task.labels[target].text} and time: {task.context.place}",
        caption=f"Up and left is better. Not beaten in both at once: {', '.join(front)}.",
        alt=f"{task.labels[target].text} against time per image: "
        + "; ".join(f"{m} {x:.1f} ms, {y:.1f}" for m, (x, y) in points.items()),
    )


def _front(points: dict[str, tuple[float, float]]) -> list[str]:
    """The methods that no other beats in both time and score."""
    return [
        m
        for m, (x, y) in points.items()
        if not any((a <= x and b >= y and (a, b) != (x, y)) for n, (a, b) in points.items() if n != m)
    ]


def _mean_curve(board: Board, collection: Collection, method: str) -> tuple[np.ndarray, np.ndarray] | None:
    cells = sorted({c for (m, _), s in board.scores.items() if m == method for c in s.cells})
    curves = []
    for cell in cells:
        content = read_json(collection.records[cell], "pr_curve.json")
        # Without a single true box there is no curve over all classes.
        if isinstance(content, dict) and "all" in content.get("precision", {}):
            curves.append((np.asarray(content["recall"], float), np.asarray(content["precision"]["all"], float)))
    if not curves:
        return None
    recall = np.linspace(0, 1, 101)
    return recall, np.mean([np.interp(recall, r, p) for r, p in curves], axis=0)


def _shared(quality: Board, task: Board, metric: str) -> list[str]:
    target = task.ranking or ""
    return [m for m in quality.contestants if (m, metric) in quality.scores and (m, target) in task.scores]


def _rho_axis(axes: Axes, found: Sequence[tuple[str, float, float, int]], labels: Labels) -> None:
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for place, (_, rho, p, count) in enumerate(found):
        low, high = rank_correlation_interval(rho, count)
        axes.plot([low, high], [place, place], color=RULE, linewidth=2.4, solid_capstyle="butt", zorder=1)
        axes.scatter([rho], [place], s=34, color=INK if p < 0.05 else "none", edgecolors=INK, linewidths=1.2, zorder=2)
    axes.set_yticks(range(len(found)), [labels[m].text for m, *_ in found])
    axes.set(xlim=(-1.05, 1.05), ylim=(len(found) - 0.5, -0.5), xlabel="Spearman's rho")
    axes.set_title("Rank correlation over fusers")
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _label_points(
    axes: Axes, points: dict[str, tuple[float, float]], colours: dict[str, str], marks: dict[str, str]
) -> None:
    for method, (x, y) in points.items():
        axes.scatter([x], [y], s=44, color=colours[method], marker=marks[method], linewidths=0, zorder=3)
    axes.margins(0.18, 0.14)
    axes.grid()
    write_labels(axes, points)


def write_labels(axes: Axes, points: dict[str, tuple[float, float]]) -> dict[str, Annotation]:
    """Names beside their points, each in the first of eight places that is still free; returns what was written.

    The first points choose first. A name for which no place is free is left out, and the figure says how many are.
    """
    written: dict[str, Annotation] = {}
    taken: list[tuple[float, float, float, float]] = []
    scale = 72 / axes.figure.dpi
    axes.autoscale_view()
    places = {m: axes.transData.transform(point) * scale for m, point in points.items()}
    taken += [(x - 4, y - 4, x + 4, y + 4) for x, y in places.values()]
    for method, (x, y) in places.items():
        width = LABEL_SIZE * 0.6 * len(method)
        beside = -7 - width
        for dx, dy in [(7, -3), (7, 6), (7, -12), (beside, -3), (beside, 6), (beside, -12), (7, 16), (7, -22)]:
            box = (x + dx, y + dy, x + dx + width, y + dy + LABEL_SIZE)
            if not any(box[0] < r and box[2] > left and box[1] < t and box[3] > b for left, b, r, t in taken):
                taken.append(box)
                written[method] = axes.annotate(
                    method, points[method], xytext=(dx, dy), textcoords="offset points", fontsize=LABEL_SIZE
                )
                break
    if missing := len(points) - len(written):
        said = f"{missing} name{'s' if missing > 1 else ''} left out for want of room"
        axes.set_title(said, loc="right", fontsize=LABEL_SIZE, fontweight="normal", color=MUTED)
    return written


def _value(board: Board, method: str, key: str) -> float:
    return board.scores[method, key].value * board.labels[key].scale
