"""What the page of the leaderboard shows, computed: one section per task and data, and one card per method."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reports.board_tables import COST_FACTS, evidence_table, leaderboard
from reports.boards import Board, build_boards
from reports.collect import Collection
from reports.labels import DASH, TASKS, MetricLabel, dataset_label
from reports.provenance import Card, cards
from reports.quoted.sheets import read_quoted
from reports.quoted.tables import quoted_table
from reports.sections import facts_of
from reports.standings.entries import QUOTED, Entry, collect_entries, read_entries
from reports.standings.pareto import Times, pareto_plot, times_of
from reports.submissions.fields import is_web_address
from reports.svg import Drawing
from reports.tables import Column, Table, TableCell, TableRow

PARAMETERS = MetricLabel(text="Parameters", unit="M", scale=1e-6, decimals=2)
TIME = MetricLabel(text="Time", unit="ms")
NO_PROTOCOL = "none"
LONGEST_SLUG = 80


@dataclass(frozen=True, kw_only=True)
class StandingsSection:
    """One task on one dataset, under one protocol."""

    slug: str
    short: str
    title: str
    lead: str
    task: str
    dataset: str
    protocol: str
    items: tuple[Table | Drawing, ...]


@dataclass(frozen=True, kw_only=True)
class MethodCard:
    """What is said about one method, in its submitter's words."""

    place: int
    """Number by which drawings name the method."""
    name: str
    facts: tuple[tuple[str, str, str], ...]
    """Key, text, and the address where the text is one."""
    commands: tuple[str, ...]
    proof: str
    """How much of its numbers follows from something."""
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Standings:
    """What the template is given."""

    name: str
    summary: tuple[tuple[str, str], ...]
    sections: tuple[StandingsSection, ...]
    quoted: tuple[Table, ...]
    methods: tuple[MethodCard, ...]
    cards: tuple[Card, ...]
    data: dict[str, Any]
    """What the filters compare: per method its year, parameters and milliseconds."""

    @property
    def tables(self) -> list[Table]:
        """Every table, in the order of the page."""
        own = [item for section in self.sections for item in section.items if isinstance(item, Table)]
        return [*own, *self.quoted]


def build_standings(results: Path) -> Standings:
    """Read a folder of submissions and compute the page.

    Raises:
        ResultError: a submission or a quoted table is refused; says why.
    """
    entries = read_entries(results)
    collection = collect_entries(entries, results.resolve().name)
    boards = build_boards(collection)
    hardware = {
        r.cell_id: str(r.settings["marks"]["hardware"]) for r in collection.records.values() if r.task == "cost"
    }
    times = times_of([board for board in boards if board.context.task == "cost"], hardware)
    quoted = read_quoted(results / QUOTED)
    return Standings(
        name=results.resolve().name,
        summary=tuple(_summary(entries, collection, len(quoted))),
        sections=tuple(_section(board, boards, entries, times) for board in boards),
        quoted=tuple(quoted_table(sheet, collection) for sheet in quoted),
        methods=tuple(_card(place, entry) for place, entry in enumerate(entries)),
        cards=tuple(cards(collection)),
        data={entry.method: {"place": place, **_filtered(entry)} for place, entry in enumerate(entries)},
    )


def _section(board: Board, boards: Sequence[Board], entries: Sequence[Entry], times: Times | None) -> StandingsSection:
    context = board.context
    task, where = TASKS.get(context.task, context.task), dataset_label(context.dataset)
    same_task = [other for other in boards if other.context.task == context.task]
    items: list[Table | Drawing | None] = [_with_facts(leaderboard(board), board, entries)]
    if times is not None and context.task != "cost":
        items.append(pareto_plot(board, times, [entry.method for entry in entries]))
    evidence = evidence_table(board)
    items.append(_only_present(evidence) if evidence is not None else None)
    return StandingsSection(
        slug=_short(f"section-{context.slug}"),
        short=task if len(same_task) == 1 else f"{task}, {where}",
        title=task if context.task == "cost" else f"{task} on {where}",
        lead=facts_of(board),
        task=context.task,
        dataset=context.dataset,
        protocol=context.protocol or NO_PROTOCOL,
        items=tuple(item for item in items if item is not None),
    )


def _with_facts(table: Table, board: Board, entries: Sequence[Entry]) -> Table:
    """The table of a board with year, size and time of each method, which the filters use; without absent methods."""
    known = {entry.method: entry for entry in entries}
    # Quality and cost show time and size among their own columns.
    has_cost = not board.primary or any(column.key in COST_FACTS for column in table.columns)
    heads = [Column(key="year", text="Year", hint="of the paper")]
    if not has_cost:
        heads += [
            Column(key="parameters", text=PARAMETERS.head, hint="of the fuser's networks"),
            Column(key="ms", text=TIME.head, hint="per image, where and how its record says"),
        ]
    decimals = TIME.decimals_for(entry.milliseconds for entry in entries)
    rows = []
    table = _only_present(table)
    for row in table.rows:
        entry = known[row.head]
        year = entry.submission.manifest.year
        cells = [_fact(float(year) if year else math.nan, f"{year}")]
        if not has_cost:
            cells.append(_fact(entry.parameters, PARAMETERS.show(entry.parameters, PARAMETERS.decimals or 0)))
            cells.append(_fact(entry.milliseconds, TIME.show(entry.milliseconds, decimals)))
        rows.append(replace(row, cells=(*row.cells, *cells)))
    return replace(table, heading="Ranking", columns=(*table.columns, *heads), rows=tuple(rows))


def _only_present(table: Table) -> Table:
    rows: tuple[TableRow, ...] = tuple(row for row in table.rows if not row.missing)
    # "Missing: ..." would list every method that was not submitted for this task.
    notes = tuple(note for note in table.notes if not note.startswith("Missing:"))
    return replace(table, slug=_short(table.slug), rows=rows, notes=notes)


def _fact(value: float, text: str) -> TableCell:
    return (
        TableCell(text=text, value=value)
        if math.isfinite(value)
        else TableCell(text=DASH, missing=True, hint="not stated")
    )


def _summary(entries: Sequence[Entry], collection: Collection, num_quoted: int) -> Iterator[tuple[str, str]]:
    rows = collection.rows
    yield "method" if len(entries) == 1 else "methods", f"{len(entries)}"
    for column in ("task", "dataset"):
        # The cost task measures on random images, which are no dataset.
        count = rows.loc[rows["task"] != "cost" if column == "dataset" else rows.index >= 0, column].nunique()
        yield column + ("s" if count != 1 else ""), f"{count}"
    yield "records", f"{len(collection.records):,}"
    yield "numbers derived again", f"{sum(entry.submission.num_derived for entry in entries):,}"
    if num_quoted:
        yield "quoted table" + ("s" if num_quoted > 1 else ""), f"{num_quoted}"
    yield "latest", max(record.started for record in collection.records.values())[:10]


def _card(place: int, entry: Entry) -> MethodCard:
    submission, manifest = entry.submission, entry.submission.manifest
    told = {
        "Paper": manifest.paper, "Year": f"{manifest.year or DASH}", "Code": manifest.code, "Weights": manifest.weights,
        "Licence": manifest.licence, "Hardware": manifest.hardware, "Remarks": manifest.remarks,
        "Fuser": f"{manifest.fuser}, fingerprint {submission.fingerprint or DASH}",
    }  # fmt: skip
    images = sum(map(len, submission.digests.values()))
    proof = (
        f"{submission.num_derived} numbers follow from values of single images or from bootstrap replicates and were "
        f"derived again; {submission.num_stated} are stated. Digests of {images} fused images."
    )
    facts = tuple((key, text, text if is_web_address(text) else "") for key, text in told.items() if text)
    return MethodCard(
        place=place, name=manifest.method, facts=facts, commands=manifest.commands, proof=proof,
        cells=tuple(record.cell_id for record in submission.records),
    )  # fmt: skip


def _filtered(entry: Entry) -> dict[str, float | None]:
    return {
        "year": entry.submission.manifest.year,
        "parameters": _known(entry.parameters),
        "ms": _known(entry.milliseconds),
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _short(slug: str) -> str:
    """A slug that fits a file name, whatever stands in the settings of a context."""
    if len(slug) <= LONGEST_SLUG:
        return slug
    return f"{slug[:LONGEST_SLUG]}-{hashlib.sha256(slug.encode()).hexdigest()[:8]}"
