"""Scores of images as CSV, one line per image, and as a LaTeX table of their means."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from diffif.metrics.files import ImageScores, count_finite, mean_scores
from diffif.metrics.metric import Metric
from suite.latex import MINUS, escape_latex
from suite.spreadsheet import inert


def as_csv(rows: Sequence[ImageScores]) -> str:
    """One line per image: its name, the convention, and every score with all its digits."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["image", "convention", *(rows[0].scores if rows else ())])
    for row in rows:
        writer.writerow([inert(row.name), row.convention, *(repr(value) for value in row.scores.values())])
    return buffer.getvalue()


def as_latex(rows: Sequence[ImageScores], metrics: Sequence[Metric], *, method: str) -> str:
    r"""A `table` environment for `\usepackage{booktabs}` with one row, the means over the images.

    Args:
        rows: The scores of every image, at least one.
        metrics: The metrics, in the order of the columns.
        method: What the row is called, for example the name of the folder.
    """
    means, counts = mean_scores(rows), count_finite(rows)
    heads = [escape_latex(f"{metric.label} {_arrow(metric)}".strip()) for metric in metrics]
    values = [_number(means[metric.name]) for metric in metrics]
    caption = f"Means over {len(rows)} image{'' if len(rows) == 1 else 's'}, convention {rows[0].convention}."
    partly = [metric for metric in metrics if counts[metric.name] < len(rows)]
    if partly:
        caption += " Finite for fewer: " + ", ".join(f"{m.label} {counts[m.name]}" for m in partly) + "."
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}[t]",
        r"  \centering",
        rf"  \caption{{{escape_latex(caption)}}}",
        rf"  \begin{{tabular}}{{l{'r' * len(metrics)}}}",
        r"    \toprule",
        rf"    {' & '.join(['method', *heads])} \\",
        r"    \midrule",
        rf"    {' & '.join([escape_latex(method), *values])} \\",
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)


def _arrow(metric: Metric) -> str:
    if metric.higher_is_better is None:
        return "" if metric.ideal is None else f"→ {metric.ideal:g}"
    return "↑" if metric.higher_is_better else "↓"


def _number(value: float) -> str:
    # A hyphen is no minus sign in LaTeX; nan is a metric that is undefined for all images.
    return "--" if value != value else escape_latex(f"{value:.3f}".replace("-", MINUS))
