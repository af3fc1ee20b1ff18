"""What each part of a method is worth: every variant against `full`, in one table and in words.

A variant is a row's own ("no-prior"), or the same fuser with other settings (`diffif@steps=1`). The tests are those of
the boards; here they are Holm-corrected over everything the table says at once: all variants in all task scores, and
all variants in all image metrics.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reports.boards import Board, build_boards, is_board_metric
from reports.collect import Collection, Context
from reports.labels import arrow, show_p, slug
from reports.scores import MethodScore
from reports.tables import Column, Table, TableCell, TableRow, score_cell
from reports.verdict import Finding, Span
from suite.statistics.comparison import ONE_TRAINING, SIGNIFICANCE, holm

MOST_QUALITY_COLUMNS = 6
VIDEO_COLUMNS = ("biswe", "ms2r")
QUALITY_COLUMNS = ("vif", "qabf", "ssim", "scd", "mi", "en", "sd", "sf", "ag")


@dataclass(frozen=True)
class Change:
    """One variant against the full method in one metric."""

    variant: str
    metric: str
    board: Board
    full: MethodScore
    score: MethodScore
    p: float
    """Holm-corrected over all variants and columns of its kind; nan where no test was possible."""
    reason: str = ""
    """Why no test was possible."""
    agrees: bool = True
    """Whether the test and the means point the same way."""

    @property
    def delta(self) -> float:
        """Variant minus full, as in the records."""
        return self.score.value - self.full.value

    @property
    def is_significant(self) -> bool:
        """Whether the test finds a difference, in the direction of the means."""
        return self.p < SIGNIFICANCE and self.agrees

    @property
    def is_worse(self) -> bool:
        """Whether the variant is the worse one."""
        return self.delta < 0 if self.full.higher is not False else self.delta > 0


Changes = Mapping[tuple[str, Context, str], Change]


def ablation_tables(collection: Collection) -> list[tuple[Table, list[Finding]]]:
    """One table, and its reading, per full method that has variants."""
    found = []
    for full, variants in families(collection).items():
        boards = build_boards(collection, methods=[full, *variants])
        boards = [b for b in boards if full in b.present and len(b.present) > 1]
        columns = [(b, m) for b in boards for m in ablation_columns(b)]
        if columns:
            told = all_changes(full, variants, columns)
            found.append((_table(full, variants, columns, told), _findings(full, variants, columns, told)))
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


def all_changes(
    full: str, variants: Sequence[str], columns: Sequence[tuple[Board, str]]
) -> dict[tuple[str, Context, str], Change]:
    """Every variant in every column that it and the full method have, by (variant, context, metric)."""
    found: dict[tuple[str, Context, str], Change] = {}
    for board, metric in columns:
        reference, tests = board.scores.get((full, metric)), board.tests.get(metric)
        for variant in variants:
            score = board.scores.get((variant, metric))
            if reference is None or score is None:
                continue
            both = tests is not None and {full, variant} <= set(tests.methods)
            p = tests.raw_p(full, variant) if both and tests is not None else math.nan
            reason = tests.reason(full, variant) if both and tests is not None else ""
            change = Change(variant, metric, board, reference, score, p, reason)
            if both and tests is not None:
                change = replace(change, agrees=tests.sign_of(full, variant) == (1 if change.is_worse else -1))
            found[variant, board.context, metric] = change
    for of_task in (True, False):
        family = [key for key, change in found.items() if bool(change.board.primary) == of_task]
        corrected = holm([found[key].p for key in family])
        for key, p in zip(family, corrected, strict=True):
            found[key] = replace(found[key], p=float(p))
    return found


def ablation_columns(board: Board) -> list[str]:
    """The metrics of a board that stand for it in an ablation."""
    if board.context.task == "quality":
        return [m for m in QUALITY_COLUMNS if m in board.metrics][:MOST_QUALITY_COLUMNS]
    if board.context.task == "video":
        return [m for m in (*VIDEO_COLUMNS, *QUALITY_COLUMNS) if m in board.metrics][:MOST_QUALITY_COLUMNS]
    if board.context.task == "cost":
        return [m for m in board.metrics if m.startswith("ms")][-1:]
    plain = [m for m in board.metrics if is_board_metric(m) and "/" not in m]
    wanted = [m for m in (board.primary, "map50_95") if m in plain]
    return wanted or plain[:2]


def _table(full: str, variants: Sequence[str], columns: Sequence[tuple[Board, str]], told: Changes) -> Table:
    several = len({b.context for b, _ in columns}) > 1
    heads, full_cells = [], []
    cells: dict[str, list[TableCell]] = {v: [] for v in variants}
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
        for variant in variants:
            change = told.get((variant, board.context, metric))
            cells[variant].append(TableCell.absent() if change is None else _delta_cell(change, decimals))
    rows = [TableRow(head=full, cells=tuple(full_cells))]
    rows += [TableRow(head=v, cells=tuple(cells[v]), missing=all(c.missing for c in cells[v])) for v in variants]
    return Table(
        slug=f"ablation-{slug(full)}",
        title=f"Variants of {full}",
        corner="Variant",
        columns=tuple(heads),
        rows=tuple(rows),
        notes=(
            "First line: the full method. Below: difference to it, with p, Holm-corrected over all variants in all "
            "task scores, and over all variants in all image metrics. Bold: significant.",
            *_untested(told),
        ),
    )


def _delta_cell(change: Change, decimals: int) -> TableCell:
    label = change.board.labels[change.metric]
    base = score_cell(label, change.score, decimals)
    p = show_p(change.p) if math.isfinite(change.p) else "no test" if change.full.higher is not None else ""
    return TableCell(
        text=label.show(change.delta, decimals, signed=True),
        spread=p,
        value=change.delta,
        sd=change.score.sd,
        records=(*change.score.cells, *(c for c in change.full.cells if c not in change.score.cells)),
        strong=change.is_significant,
        worse=change.is_significant and change.is_worse,
        hint=f"variant: {base.text} {base.spread}. {change.reason}".strip(),
    )


def _untested(told: Changes) -> list[str]:
    reasons = dict.fromkeys(change.reason for change in told.values() if change.reason)
    return [f"No test: {'; '.join(reasons)}."] if reasons else []


def _findings(full: str, variants: Sequence[str], columns: Sequence[tuple[Board, str]], told: Changes) -> list[Finding]:
    findings = []
    for variant in variants:
        found = [c for b, metric in columns if (c := told.get((variant, b.context, metric))) is not None]
        found = [c for c in found if c.full.higher is not None]
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
    primary = [c for c in found if c.metric == c.board.primary] or [c for c in found if c.metric in c.board.tests]
    if not primary:
        return ""
    worse = sum(c.is_significant and c.is_worse for c in primary)
    better = sum(c.is_significant and not c.is_worse for c in primary)
    what = "the tasks" if primary[0].board.primary else "the image metrics"
    if worse and not better:
        return f"The {part} helps {what}."
    if better and not worse:
        return f"The {part} harms {what}."
    if better:
        return f"The {part} helps some of {what} and harms others."
    if all(c.reason == ONE_TRAINING for c in primary):
        return f"Whether the {part} helps {what} cannot be told: {ONE_TRAINING}."
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
