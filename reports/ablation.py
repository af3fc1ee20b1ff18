"""What each part of a method is worth: every variant against `full`, in one table and in words.

A variant is a row's own ("no-prior"), or the same fuser with other settings (`diffif@steps=1`). Tests are paired
by image and Holm-corrected over the variants; a difference smaller than the spread over seeds is not called one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.boards import Board, build_boards, is_board_metric
from reports.collect import Collection
from reports.labels import arrow, show_p
from reports.scores import Score
from reports.tables import Cell, Column, Table, TableRow, score_cell
from reports.verdict import Finding, Span
from suite.statistics.comparison import SIGNIFICANCE, PairwiseTests

MOST_QUALITY_COLUMNS = 6
QUALITY_COLUMNS = ("vif", "qabf", "ssim", "scd", "mi", "en", "sd", "sf", "ag")


@dataclass(frozen=True)
class Change:
    """One variant against the full method in one metric."""

    variant: str
    metric: str
    board: Board
    full: Score
    score: Score
    p: float
    """Holm-corrected over the variants; nan where no test was possible."""

    @property
    def delta(self) -> float:
        """Variant minus full, as in the records."""
        return self.score.value - self.full.value

    @property
    def within_seeds(self) -> bool:
        """Whether the difference is smaller than the spread over seeds (pooled standard deviation)."""
        return self.full.within_seeds(self.score)

    @property
    def is_significant(self) -> bool:
        """Proven by the test, and larger than the spread over seeds."""
        return self.p < SIGNIFICANCE and not self.within_seeds

    @property
    def is_worse(self) -> bool:
        """Whether the variant is the worse one."""
        return self.delta < 0 if self.full.higher is not False else self.delta > 0


def ablation_tables(collection: Collection) -> list[tuple[Table, list[Finding]]]:
    """One table, and its reading, per full method that has variants."""
    found = []
    for full, variants in families(collection).items():
        boards = build_boards(collection, methods=[full, *variants])
        boards = [b for b in boards if full in b.present and len(b.present) > 1]
        columns = [(b, m) for b in boards for m in _columns(b)]
        if columns:
            found.append((_table(full, variants, columns), _findings(full, variants, columns)))
    return found


def families(collection: Collection) -> dict[str, list[str]]:
    """For each full method the methods that are variants of it."""
    pairs = collection.rows[["fuser", "variant", "method"]].drop_duplicates()
    known = {m: (str(f), str(v)) for f, v, m in zip(pairs["fuser"], pairs["variant"], pairs["method"], strict=True)}
    groups: dict[str, list[str]] = {}
    for method in collection.methods:
        fuser, variant = known[method]
        base, _, options = fuser.partition("@")
        # Other weights are another model, not a variant of this one.
        other_model = "weights=" in options
        reference = None if other_model else next((m for m, key in known.items() if key == (base, "full")), None)
        if variant != "full":
            reference = next((m for m, key in known.items() if key == (fuser, "full")), reference)
        if reference is not None and reference != method:
            groups.setdefault(reference, []).append(method)
    return groups


def changes(full: str, variants: Sequence[str], board: Board, metric: str) -> dict[str, Change]:
    """Every variant that has this metric, against `full`."""
    reference = board.scores.get((full, metric))
    if reference is None:
        return {}
    tests = board.tests.get(metric)
    against: PairwiseTests | None = tests.against(full) if tests is not None and full in tests.methods else None
    result = {}
    for variant in variants:
        score = board.scores.get((variant, metric))
        if score is not None:
            tested = against is not None and variant in against.methods
            p = against.p_value(full, variant) if tested and against is not None else math.nan
            result[variant] = Change(variant, metric, board, reference, score, p)
    return result


def _columns(board: Board) -> list[str]:
    if board.context.task == "quality":
        return [m for m in QUALITY_COLUMNS if m in board.metrics][:MOST_QUALITY_COLUMNS]
    if board.context.task == "cost":
        return [m for m in board.metrics if m.startswith("ms")][-1:]
    plain = [m for m in board.metrics if is_board_metric(m) and "/" not in m]
    wanted = [m for m in (board.primary, "map50_95") if m in plain]
    return wanted or plain[:2]


def _table(full: str, variants: Sequence[str], columns: Sequence[tuple[Board, str]]) -> Table:
    several = len({b.context for b, _ in columns}) > 1
    heads, full_cells = [], []
    cells: dict[str, list[Cell]] = {v: [] for v in variants}
    for board, metric in columns:
        scores = [s for (m, key), s in board.scores.items() if key == metric and m in (full, *variants)]
        label = board.labels[metric]
        decimals = label.decimals_for(s.value for s in scores)
        where = ", ".join(part for part in (board.context.place, board.context.protocol) if part)
        reference = board.scores.get((full, metric))
        higher = reference.higher if reference else None
        heads.append(
            Column(
                key=f"{board.context.slug}/{metric}", text=label.head, arrow=arrow(higher), higher=higher,
                hint=board.context.title, group=where if several else "",
            )
        )  # fmt: skip
        full_cells.append(score_cell(label, reference, decimals))
        found = changes(full, variants, board, metric)
        for variant in variants:
            change = found.get(variant)
            cells[variant].append(Cell.absent() if change is None else _delta_cell(change, decimals))
    rows = [TableRow(head=full, cells=tuple(full_cells))]
    rows += [TableRow(head=v, cells=tuple(cells[v]), missing=all(c.missing for c in cells[v])) for v in variants]
    return Table(
        slug="ablation-" + "".join(c if c.isalnum() else "-" for c in full.lower()),
        title=f"Variants of {full}",
        corner="Variant",
        columns=tuple(heads),
        rows=tuple(rows),
        notes=(
            "First line: the full method. Below: difference to it, with p of a paired test over images, Holm-corrected "
            "over the variants. Bold: significant, and larger than the spread over seeds.",
        ),
    )


def _delta_cell(change: Change, decimals: int) -> Cell:
    label = change.board.labels[change.metric]
    base = score_cell(label, change.score, decimals)
    p = show_p(change.p) if math.isfinite(change.p) else "no test"
    return Cell(
        text=label.show(change.delta, decimals, signed=True),
        spread=p + ("\nwithin seeds" if change.within_seeds else ""),
        value=change.delta,
        sd=change.score.sd,
        records=(*change.score.cells, *(c for c in change.full.cells if c not in change.score.cells)),
        strong=change.is_significant,
        worse=change.is_significant and change.is_worse,
        hint=f"variant: {base.text} {base.spread}".strip(),
    )


def _findings(full: str, variants: Sequence[str], columns: Sequence[tuple[Board, str]]) -> list[Finding]:
    findings = []
    for variant in variants:
        found = [
            c for board, metric in columns if (c := changes(full, variants, board, metric).get(variant)) is not None
        ]
        if not found:
            continue
        spans = [Span(variant, strong=True), Span(f" against {full}: ")]
        for verb, chosen in (
            ("significantly worse in ", [c for c in found if c.is_significant and c.is_worse]),
            ("significantly better in ", [c for c in found if c.is_significant and not c.is_worse]),
        ):
            if chosen:
                spans += [Span("; " if len(spans) > 2 else ""), Span(verb), *_listed(chosen)]
        open_cases = [c for c in found if not c.is_significant]
        if open_cases:
            lead = "; no proven difference in " if len(spans) > 2 else "no proven difference in "
            spans += [Span(lead), *_listed(open_cases, most=4)]
        helps = _reading(variant, found)
        spans.append(Span(f". {helps}" if helps else "."))
        findings.append(Finding(f"Ablation of {full}", tuple(spans)))
    return findings


def _reading(variant: str, found: Sequence[Change]) -> str:
    part = variant.rsplit("no-", 1)[-1] if "no-" in variant else ""
    if not part:
        return ""
    primary = [c for c in found if c.metric == c.board.primary] or list(found)
    worse = sum(c.is_significant and c.is_worse for c in primary)
    better = sum(c.is_significant and not c.is_worse for c in primary)
    what = "the tasks" if primary[0].board.primary else "the image metrics"
    if worse and not better:
        return f"The {part} helps {what}."
    if better and not worse:
        return f"The {part} harms {what}."
    if better:
        return f"The {part} helps some of {what} and harms others."
    return f"Whether the {part} helps {what} is not proven here."


def _listed(chosen: Sequence[Change], most: int = 8) -> list[Span]:
    spans: list[Span] = []
    for i, change in enumerate(chosen[:most]):
        label = change.board.labels[change.metric]
        decimals = label.decimals_for([change.full.value, change.score.value])
        unit = label.difference_unit
        p = f", {show_p(change.p)}" if math.isfinite(change.p) else ", no test"
        spans += [Span(f"{', ' if i else ''}{label.text} on {change.board.context.place} (")]
        text = label.show(change.delta, decimals, signed=True)
        spans += [Span(f"{text}{unit}", (*change.score.cells, *change.full.cells)), Span(f"{p})")]
    if len(chosen) > most:
        spans.append(Span(f" and {len(chosen) - most} more"))
    return spans
