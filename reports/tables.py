"""Tables as data: what each cell says, whether it is best, and which records it comes from.

The page, the CSV and the LaTeX files are three writings of the same `Table`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

from reports.labels import COMPUTING, DASH, MISSING, MetricLabel
from reports.scores import MethodScore


@dataclass(frozen=True, kw_only=True)
class TableCell:
    """One cell of a table."""

    text: str
    """What is shown, without its spread."""
    spread: str = ""
    """"[91.0, 92.7]", the 95 % interval; empty where it is not known."""
    value: float = math.nan
    """Exact value as in the records; also the sort key."""
    low: float = math.nan
    high: float = math.nan
    sd: float = math.nan
    records: tuple[str, ...] = ()
    """Ids of the records the number comes from."""
    best: bool = False
    second: bool = False
    ties_best: bool = False
    """Tested, and not significantly different from the best."""
    strong: bool = False
    """Proven difference, in a table of differences."""
    worse: bool = False
    missing: bool = False
    impossible: bool = False
    """The definition cannot give this value."""
    hint: str = ""
    """Tooltip."""
    whisker: tuple[float, float, float] | None = None
    """Low, value, high as positions in percent of the column's range, for the small drawing under the number."""

    @property
    def sort_key(self) -> str:
        """The exact value as text; empty where there is none."""
        return "" if self.missing or math.isnan(self.value) else repr(self.value)

    @classmethod
    def absent(cls, *, is_pending: bool = False) -> TableCell:
        """A combination without a finished cell."""
        if is_pending:
            return cls(text=COMPUTING, missing=True, hint="its cell is not finished yet")
        return cls(text=MISSING, missing=True, hint="no finished cell for this combination")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column head."""

    key: str
    text: str
    hint: str = ""
    arrow: str = ""
    group: str = ""
    """Head above the column, where a table joins several contexts."""
    higher: bool | None = None

    @property
    def arrow_words(self) -> str:
        """The arrow for who cannot see it."""
        if self.arrow.startswith("→"):
            return f"nearest to{self.arrow[1:]} is better"
        return "higher is better" if self.higher else "lower is better"


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One line: its head (a method) and its cells."""

    head: str
    cells: tuple[TableCell, ...]
    missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table, ready to be written in any form."""

    slug: str
    """File name without suffix, and anchor."""
    title: str
    """What it is of, in full: the caption in LaTeX."""
    heading: str = ""
    """What it is, below a heading that names the data; empty: the title."""
    corner: str
    """Head of the first column."""
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...] = ()
    folded: bool = False
    """Whether the page shows it only on request, since a figure says the same."""

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Heads above the columns and how many columns each spans; empty where no column has one."""
        runs = [(name, len(list(members))) for name, members in groupby(column.group for column in self.columns)]
        return runs if any(name for name, _ in runs) else []


def score_cell(label: MetricLabel, score: MethodScore | None, decimals: int, *, linked: bool = True) -> TableCell:
    """One score as a cell; a score that is not there is shown as missing."""
    if score is None:
        return TableCell.absent()
    if not math.isfinite(score.value):
        return TableCell(text=DASH, missing=True, hint="not measured, or undefined for these images")
    return TableCell(
        text=label.show(score.value, decimals),
        spread=_spread(label, score, decimals),
        value=score.value,
        low=score.low,
        high=score.high,
        sd=score.sd,
        records=score.cells if linked else (),
        impossible=bool(score.impossible),
        hint=f"impossible: {score.impossible}" if score.impossible else _score_hint(label, score, decimals),
    )


def _spread(label: MetricLabel, score: MethodScore, decimals: int) -> str:
    if math.isfinite(score.low) and math.isfinite(score.high):
        return f"[{label.show(score.low, decimals)}, {label.show(score.high, decimals)}]"
    return ""


def _score_hint(label: MetricLabel, score: MethodScore, decimals: int) -> str:
    parts = []
    if score.num_images:
        parts.append(f"n = {score.num_images:,}")
    if score.seeds:
        parts.append(f"seed {', '.join(map(str, score.seeds))}")
    if math.isfinite(score.sd):
        parts.append(f"± {label.show(score.sd, decimals)} over seeds")
    if math.isfinite(score.low):
        what = "images and trainings" if len(score.seeds) > 1 else "images"
        parts.append(f"95 % interval over {what}")
    return " · ".join(parts)
