"""Frozen beside retrained: do both protocols put the fusers in the same order, and how far apart do they see them?

One network that judges all fusers and one network per fuser ask different questions. Their scores stand side by side
only where they are of the same test images, and, fuser by fuser, of the same fused images.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.boards import Board
from reports.collect import Collection, flatten
from reports.labels import format_number, show_p, slug
from reports.relations import show_rho
from reports.scores import FROZEN
from reports.tables import Column, Table, TableCell, TableRow, score_cell
from reports.verdict import Finding, Span
from suite.statistics.ranking import FEWEST_PAIRS, rank_correlation

RETRAIN = "retrain"
CLASS_MAP = "classes by the detector's names"
"""What the note of a record begins with that says which class of the detector stands for which of the dataset."""


@dataclass(frozen=True, kw_only=True)
class ProtocolPair:
    """The boards of two protocols on the same images."""

    retrained: Board
    frozen: Board
    metric: str
    shared: tuple[str, ...]
    """Fusers that both protocols score, on the same fused images; best retrained first."""
    strangers: Mapping[str, str]
    """Fusers that both protocols score on different images, and what differs."""

    @property
    def correlation(self) -> tuple[float, float]:
        """Spearman's rho over the shared fusers and its p; nan below five."""
        both = [[board.scores[m, self.metric].value for m in self.shared] for board in (self.retrained, self.frozen)]
        return rank_correlation(*both)

    def spread(self, board: Board) -> float:
        """Best minus worst score of the shared fusers, as recorded."""
        values = [board.scores[m, self.metric].value for m in self.shared]
        return max(values) - min(values)

    def place(self, board: Board, method: str) -> int:
        """Place among the shared fusers, 1 is best; equal values share a place."""
        mine = board.scores[method, self.metric].judged
        return 1 + sum(board.scores[other, self.metric].judged > mine for other in self.shared)


def protocol_pairs(boards: Sequence[Board], collection: Collection) -> Iterator[ProtocolPair]:
    """Every retrained board with every frozen one on the same dataset, split, task and condition."""
    for retrained in boards:
        if retrained.context.protocol != RETRAIN or retrained.ranking is None:
            continue
        for frozen in boards:
            mine, other = retrained.context, frozen.context
            same = (mine.dataset, mine.split, mine.task, mine.condition) == (
                other.dataset, other.split, other.task, other.condition,
            )  # fmt: skip
            if not same or not other.protocol.startswith(FROZEN) or frozen.ranking != retrained.ranking:
                continue
            metric = retrained.ranking
            both = [m for m in retrained.ordered(metric) if m in frozen.ordered(metric)]
            reasons = {m: _difference(retrained, frozen, metric, m, collection) for m in both}
            yield ProtocolPair(
                retrained=retrained,
                frozen=frozen,
                metric=metric,
                shared=tuple(m for m in both if not reasons[m]),
                strangers={m: reason for m, reason in reasons.items() if reason},
            )


def protocol_tables(boards: Sequence[Board], collection: Collection) -> Iterator[Table]:
    """One table per dataset, split and task that both protocols judge."""
    for pair in protocol_pairs(boards, collection):
        if len(pair.shared) > 1 or pair.strangers:
            yield protocol_table(pair, collection)


def protocol_table(pair: ProtocolPair, collection: Collection) -> Table:
    """Both scores of every shared fuser and its places, best retrained first; strangers are named below."""
    retrained, frozen = pair.retrained.context, pair.frozen.context
    told = [
        f"{name} {context.setup}" for name, context in (("retrained", retrained), ("frozen", frozen)) if context.setup
    ]
    setups = f" ({'; '.join(told)})" if told else ""
    label = pair.retrained.labels[pair.metric]
    values = [board.scores[m, pair.metric].value for m in pair.shared for board in (pair.retrained, pair.frozen)]
    decimals = label.decimals_for(values)
    rows = []
    for method in pair.shared:
        places = pair.place(pair.retrained, method), pair.place(pair.frozen, method)
        cells = []
        for board, place in zip((pair.retrained, pair.frozen), places, strict=True):
            cells.append(score_cell(label, board.scores[method, pair.metric], decimals))
            cells.append(TableCell(text=str(place), value=float(place)))
        moved = places[0] - places[1]
        cells.append(TableCell(text=format_number(moved, 0, signed=True), value=float(moved)))
        rows.append(TableRow(head=method, cells=tuple(cells)))
    groups = pair.retrained.context.protocol, pair.frozen.context.protocol
    columns = [
        column
        for group in groups
        for column in (
            Column(key=f"{pair.metric}/{group}", text=label.head, arrow="↑", group=group, higher=True),
            Column(key=f"place/{group}", text="Place", hint=f"among the {len(pair.shared)} fusers", group=group),
        )
    ]
    columns.append(Column(key="moved", text="Places won when frozen", group=" "))
    return Table(
        slug="-".join(part for part in ("protocols", retrained.slug, frozen.protocol, slug(frozen.setup)) if part),
        title=f"Retrained and frozen: {retrained.place}{setups}",
        corner="Fuser",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=tuple(_notes(pair, collection)),
    )


def protocol_findings(boards: Sequence[Board], collection: Collection) -> Iterator[Finding]:
    """One sentence per pair of protocols."""
    for pair in protocol_pairs(boards, collection):
        if len(pair.shared) < 2:
            continue
        spans = [Span(f"{_spreads(pair)} {_agreement(pair)}")]
        yield Finding(f"Does the protocol make the order? {pair.retrained.context.place}", tuple(spans))


def _notes(pair: ProtocolPair, collection: Collection) -> Iterator[str]:
    if len(pair.shared) > 1:
        yield _agreement(pair)
        yield _spreads(pair)
    fewest = {m: len(pair.retrained.scores[m, pair.metric].seeds) for m in pair.shared}
    lacking = [f"{m} ({count})" for m, count in fewest.items() if count < max(fewest.values())]
    if lacking:
        yield f"Fewer trainings than the {max(fewest.values())} of the others: {', '.join(lacking)}."
    alone = {
        board.context.protocol: [m for m in board.ordered(pair.metric) if m not in (*pair.shared, *pair.strangers)]
        for board in (pair.retrained, pair.frozen)
    }
    for protocol, methods in alone.items():
        if methods:
            yield f"Only {protocol}, hence not in this table: {', '.join(methods)}."
    for reason in dict.fromkeys(pair.strangers.values()):
        methods = [m for m, said in pair.strangers.items() if said == reason]
        yield f"Not comparable, since {reason}: {', '.join(methods)}."
    cells = {cell for m in pair.shared for cell in pair.frozen.scores[m, pair.metric].cells}
    maps = dict.fromkeys(
        note for cell in sorted(cells) for note in collection.records[cell].notes if note.startswith(CLASS_MAP)
    )
    yield from (f"{pair.frozen.context.protocol}: {note}." for note in maps)


def _agreement(pair: ProtocolPair) -> str:
    rho, p = pair.correlation
    count = len(pair.shared)
    if math.isnan(rho):
        return (
            f"Of {count} fusers no rank correlation is given: it takes {FEWEST_PAIRS}."
            if count < FEWEST_PAIRS
            else "No rank correlation: one protocol scores all fusers alike."
        )
    shown = show_rho(rho, count)
    return f"Rank correlation of the two orders over {count} fusers: Spearman's rho {shown}, {show_p(p)}."


def _spreads(pair: ProtocolPair) -> str:
    label = pair.retrained.labels[pair.metric]
    retrained, frozen = (label.scale * pair.spread(board) for board in (pair.retrained, pair.frozen))
    unit = label.difference_unit
    return (
        f"From best to worst of {len(pair.shared)} fusers: {retrained:.1f}{unit} {label.text} retrained, "
        f"{frozen:.1f}{unit} {pair.frozen.context.protocol}."
    )


def _difference(retrained: Board, frozen: Board, metric: str, method: str, collection: Collection) -> str:
    """Why the two scores of a fuser do not belong together; empty where they do."""
    first, second = (board.scores[method, metric] for board in (retrained, frozen))
    if first.scored.draws and second.scored.draws and _images(first.scored.draws) != _images(second.scored.draws):
        return "the test images or their labels differ"
    if first.scored.ids and second.scored.ids and first.scored.ids != second.scored.ids:
        return "the test images differ"
    marks = {_fuser_mark(collection, cell) for score in (first, second) for cell in score.cells if score.cells}
    return "the fused images come from other weights or settings of the fuser" if len(marks - {""}) > 1 else ""


def _images(draws: str) -> str:
    # What determines the draws begins with the fingerprint of the images and their number.
    return "-".join(draws.split("-")[:2])


def _fuser_mark(collection: Collection, cell: str) -> str:
    # A fuser that a grid trains has one mark per seed; only those that are ready can be told apart here.
    return str(flatten(collection.records[cell].settings).get("method.fingerprint") or "")
