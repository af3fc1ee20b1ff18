"""A table as CSV (exact values, with the ids of the records behind each) and as LaTeX (booktabs)."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from reports.tables import Table, TableCell
from suite.latex import escape_latex
from suite.spreadsheet import inert

CSV_HEAD = (
    "row", "column", "value", "ci_low", "ci_high", "sd", "best", "second", "ties_best", "missing", "records",
)  # fmt: skip
LATEX_HEAD = r"% needs \usepackage{booktabs}; best bold, second underlined, $\approx$: not significantly below the best"


def is_ours(path: Path) -> bool:
    """Whether a file in a table folder was written by a report; by its first line, so that nobody else's is removed."""
    head = {".csv": ",".join(CSV_HEAD), ".tex": LATEX_HEAD}.get(path.suffix)
    if head is None or not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as opened:
        return opened.readline().rstrip("\n") == head


def to_csv(table: Table) -> str:
    """One line per cell: row, column, exact value, interval, standard deviation, marks, record ids."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            numbers = [_exact(n) for n in (cell.value, cell.low, cell.high, cell.sd)]
            marks = [str(mark).lower() for mark in (cell.best, cell.second, cell.ties_best, cell.missing)]
            writer.writerow([inert(row.head), inert(column.key), *numbers, *marks, " ".join(cell.records)])
    return out.getvalue()


def to_latex(table: Table) -> str:
    r"""A `table` environment for `\usepackage{booktabs}`: best bold, second underlined, missing as a dash."""
    heads = " & ".join(
        [escape_latex(table.corner), *(escape_latex(f"{c.text} {c.arrow}".strip()) for c in table.columns)]
    )
    lines = [
        LATEX_HEAD,
        r"\begin{table}[t]",
        r"  \centering",
        rf"  \caption{{{escape_latex(table.title)}}}",
        rf"  \label{{tab:{table.slug}}}",
        rf"  \begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        r"    \toprule",
        rf"    {heads} \\",
        r"    \midrule",
    ]
    lines += [
        rf"    {' & '.join([escape_latex(row.head), *(_latex_cell(cell) for cell in row.cells)])} \\"
        for row in table.rows
    ]
    lines += [r"    \bottomrule", r"  \end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


def _latex_cell(cell: TableCell) -> str:
    if cell.missing:
        return "--"
    text = escape_latex(cell.text)
    if cell.best:
        text = rf"\textbf{{{text}}}"
    elif cell.second:
        text = rf"\underline{{{text}}}"
    mark = r"$^{\approx}$" if cell.ties_best else r"$^{!}$" if cell.impossible else ""
    spread = rf" {{\scriptsize {escape_latex(cell.spread)}}}" if cell.spread else ""
    return f"{text}{mark}{spread}"


def _exact(number: float) -> str:
    return "" if math.isnan(number) else repr(number)
