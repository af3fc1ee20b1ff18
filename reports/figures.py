"""Plots of how the methods compare: distributions, classes, evidence, critical differences.

Each function takes a board and returns a `Drawing`, or None where the records hold nothing to draw.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from reports.boards import Board
from reports.collect import Collection
from reports.labels import EVIDENCE, arrow, show_p, split_metric
from reports.scores import OVERALL, image_matrix, image_ranks
from reports.svg import INK, MUTED, RULE, Drawing, evidence_colour, method_colours, method_markers, to_drawing
from suite.statistics.intervals import Array
from suite.statistics.ranking import cliques, friedman

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL_COLUMNS = 4
MOST_RANKS_MARKED = 16
"""On an axis of ranks; their numbers would touch."""
NUDGE = 0.17
PANEL_WIDTH, ROW_HEIGHT = 2.6, 0.24
EVIDENCE_WORDS = {"both": "shown by both", "infrared": "only infrared", "visible": "only visible"}


def distributions(board: Board, collection: Collection) -> Drawing | None:
    """One panel per metric, one violin per method: how the score varies from image to image."""
    import seaborn as sns

    images = collection.images_in(board.context)
    tables = {m: image_matrix(images, m, board.present) for m in dict.fromkeys(images["metric"])}
    tables = {m: t for m, t in tables.items() if m in board.judged and len(t) > 2}
    if not tables:
        return None
    colours = method_colours(collection.methods)

    def draw() -> Figure:
        figure, panels = _panels(len(tables), max(t.shape[1] for t in tables.values()))
        for axes, (metric, table) in zip(panels, tables.items(), strict=False):
            order = [m for m in board.present if m in table.columns]
            sns.violinplot(
                data=table[order] * board.labels[metric].scale, orient="h", order=order, ax=axes, cut=0, width=0.9,
                palette=[colours[m] for m in order], inner="quart", inner_kws={"color": INK, "linewidth": 0.7},
                linewidth=0, saturation=1, density_norm="width", gridsize=48,
            )  # fmt: skip
            direction = next((s.higher for (_, key), s in board.scores.items() if key == metric), None)
            axes.set_title(f"{board.labels[metric].head} {arrow(direction)}")
            _tidy(axes, grid="x")
        return figure

    medians = []
    for metric, table in tables.items():
        middle = table.median()
        medians.append(f"{board.labels[metric].text}: highest median {middle.idxmax()}")
    count = max(len(t) for t in tables.values())
    return to_drawing(
        draw,
        slug=f"distribution-{board.context.slug}",
        title=f"{board.case.capitalize()} by {board.case}",
        caption=f"Scores of {count} single {board.case}s. Lines inside: quartiles. Wide overlap means that the "
        f"{board.case} matters more than the method.",
        alt=f"Violin plots per metric and method, {board.context.title}. {'; '.join(medians)}.",
    )


def class_heat_map(board: Board, collection: Collection) -> Drawing | None:
    """Methods by classes, coloured by score."""
    import seaborn as sns

    keys = board.class_metrics
    if not keys:
        return None
    methods = board.present
    grid = np.array([[_shown(board, m, k) for k in keys] for m in methods])

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(1.6 + 0.62 * len(keys), 0.7 + 0.3 * len(methods)))
        sns.heatmap(
            grid, ax=axes, annot=True, fmt=".0f", cmap="crest", vmin=0, vmax=100, cbar=False, linewidths=1.5,
            linecolor="none", xticklabels=[split_metric(k)[1] for k in keys], yticklabels=methods, square=False,
            annot_kws={"size": 8.5},
        )  # fmt: skip
        axes.xaxis.tick_top()
        axes.tick_params(axis="x", rotation=40)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("left")
        axes.tick_params(axis="y", rotation=0)
        return figure

    stem = board.labels[split_metric(keys[0])[0]]
    means = [np.mean(known) if len(known := column[np.isfinite(column)]) else math.nan for column in grid.T]
    easy, hard = keys[int(np.nanargmax(means))], keys[int(np.nanargmin(means))]
    return to_drawing(
        draw,
        slug=f"class-map-{board.context.slug}",
        title=f"{stem.text} by class",
        caption=f"{stem.text} in percent; an empty field is a class without a true pixel or box, or a missing cell.",
        alt=f"Heat map of {stem.text} by method and class, {board.context.title}. Easiest class on average: "
        f"{split_metric(easy)[1]}; hardest: "
        f"{split_metric(hard)[1]}. The table by class holds the numbers.",
    )


def evidence_plot(board: Board, collection: Collection) -> Drawing | None:
    """For each method its score on objects that both, only infrared, or only visible light show."""
    metric = board.ranking or ""
    keys = {name: f"{metric}/evidence:{name}" for name in EVIDENCE if f"{metric}/evidence:{name}" in board.metrics}
    if not keys:
        return None
    methods = [m for m in board.present if any((m, k) in board.scores for k in keys.values())]
    marks = dict(zip(EVIDENCE, ("o", "s", "D"), strict=True))

    def draw() -> Figure:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(4.4, 0.9 + 0.3 * len(methods)))
        for place, method in enumerate(methods):
            values = [_shown(board, method, key) for key in keys.values()]
            axes.plot([min(values), max(values)], [place, place], color=RULE, linewidth=1.2, zorder=1)
        for name, key in keys.items():
            values = [_shown(board, method, key) for method in methods]
            # Side by side where equal, so that no mark hides another.
            lines = np.arange(len(methods)) + NUDGE * (list(keys).index(name) - 1)
            axes.scatter(
                values, lines, s=40, marker=marks[name], color=evidence_colour(name), linewidths=0,
                label=EVIDENCE_WORDS[name], zorder=2,
            )  # fmt: skip
        axes.set_yticks(range(len(methods)), methods)
        axes.set_ylim(len(methods) - 0.5, -0.5)
        axes.set_xlim(-2, 102)
        axes.set_xlabel(board.labels[metric].head)
        figure.legend(loc="outside upper left", ncols=len(keys), handletextpad=0.1, columnspacing=0.9)
        _tidy(axes, grid="x")
        return figure

    lines = [f"{m}: {', '.join(f'{n} {_shown(board, m, k):.0f} %' for n, k in keys.items())}" for m in methods]
    return to_drawing(
        draw,
        slug=f"evidence-plot-{board.context.slug}",
        title="What was lost",
        caption="A long line is a fuser that serves one modality's objects and loses the other's.",
        alt=f"{board.labels[metric].text} by evidence, {board.context.title}. {'; '.join(lines)}.",
    )


def critical_difference(board: Board, collection: Collection) -> Drawing | None:
    """Mean ranks on one axis; a bar joins methods between which no significant difference was found."""
    tests = board.tests.get(OVERALL)
    if tests is None or len(board.mean_ranks) < 3:
        return None
    order = sorted(board.mean_ranks, key=lambda m: board.mean_ranks[m])
    groups = cliques(tests, order)
    colours, marks = method_colours(collection.methods), method_markers(collection.methods)

    def draw() -> Figure:
        import matplotlib.pyplot as plt
        from matplotlib.ticker import MaxNLocator

        half = math.ceil(len(order) / 2)
        depth = 0.5 + 0.3 * len(groups)
        figure, axes = plt.subplots(figsize=(6.6, 0.75 + 0.24 * (depth + half)))
        low, high = 1, len(order)
        for i, group in enumerate(groups):
            ends = [board.mean_ranks[group[0]] - 0.03, board.mean_ranks[group[-1]] + 0.03]
            axes.plot(ends, [0.5 + 0.3 * i] * 2, color=INK, linewidth=3, solid_capstyle="butt")
        for i, method in enumerate(order):
            rank, left = board.mean_ranks[method], i < half
            level = depth + (i if left else len(order) - 1 - i) * 1.0 + 0.5
            edge = low - 0.15 if left else high + 0.15
            axes.plot([rank, rank, edge], [0, level, level], color=MUTED, linewidth=0.8)
            axes.scatter([rank], [0], s=34, color=colours[method], marker=marks[method], linewidths=0, zorder=3)
            text = f"{method}  {rank:.2f}" if left else f"{rank:.2f}  {method}"
            axes.text(edge - 0.05 if left else edge + 0.05, level, text, ha="right" if left else "left", va="center")
        span = high - low
        axes.set_xlim(low - 0.34 * span, high + 0.34 * span)
        axes.set_ylim(depth + half + 0.4, -0.35)
        marked = MaxNLocator(nbins=MOST_RANKS_MARKED, integer=True).tick_values(low, high)
        axes.set_xticks([low, *(rank for rank in marked if low < rank <= high)])
        axes.xaxis.tick_top()
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.spines["top"].set(visible=True, bounds=(low, high), color=MUTED)
        axes.set_yticks([])
        return figure

    p = friedman(_rank_table(board, order))
    overall = f" Friedman over {board.case}s: {show_p(p)}." if math.isfinite(p) else ""
    joined = "; ".join(" = ".join(group) for group in groups) or "none"
    ranked = ", ".join(f"{m} {board.mean_ranks[m]:.2f}" for m in order)
    return to_drawing(
        draw,
        slug=f"critical-difference-{board.context.slug}",
        title="Mean rank over all metrics",
        caption=f"Left is better. A bar joins methods that {board.cases(tests.num_images)} cannot tell apart "
        f"({tests.test or 'nothing was tested'}).{overall}",
        alt=f"Critical difference plot, {board.context.title}. Mean ranks: {ranked}. "
        f"Not significantly different: {joined}.",
    )


def _rank_table(board: Board, methods: list[str]) -> Array:
    ranked = image_ranks(board.judged, board.scores, methods)
    return np.stack([one.images.mean(axis=0) for m in methods if (one := ranked[m]).images is not None], axis=1)


def _panels(count: int, rows: int) -> tuple[Figure, list[Axes]]:
    import matplotlib.pyplot as plt

    columns = min(PANEL_COLUMNS, count)
    lines = math.ceil(count / columns)
    height = (0.55 + ROW_HEIGHT * rows) * lines
    width = max(5.0, PANEL_WIDTH * columns)
    figure, grid = plt.subplots(lines, columns, figsize=(width, height), sharey=True, squeeze=False)
    flat = list(grid.flat)
    for axes in flat[count:]:
        axes.set_visible(False)
    return figure, flat


def _tidy(axes: Axes, *, grid: Literal["x", "y"]) -> None:
    axes.grid(axis=grid)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.locator_params(axis=grid, nbins=5)
    axes.set_ylabel("")


def _shown(board: Board, method: str, key: str) -> float:
    score = board.scores.get((method, key))
    return math.nan if score is None else score.value * board.labels[key].scale
