"""Where a number comes from: one card per record, and what the grid lacks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from reports.collect import Collection, Context, flatten
from reports.labels import dataset_label
from suite.records import Record


@dataclass(frozen=True)
class Card:
    """All that a reader needs to check or repeat one finished cell."""

    cell: str
    title: str
    command: str
    settings: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    seconds: tuple[tuple[str, str], ...]
    numbers: tuple[tuple[str, str], ...]
    """Every row of the record with its full value."""
    notes: tuple[str, ...]
    started: str


@dataclass(frozen=True)
class Gap:
    """A combination that other methods have and this one lacks."""

    context: Context
    method: str
    seeds: tuple[int, ...]
    """The seeds it lacks; empty where it has no record at all or the task knows no seeds."""

    @property
    def text(self) -> str:
        """The gap in words."""
        seeds = f" (seed {', '.join(map(str, self.seeds))})" if self.seeds else ""
        return f"{self.method}{seeds}: {self.context.title}"


def cards(collection: Collection) -> list[Card]:
    """One card per record in use, in the order of the contexts and methods."""
    owners = collection.owners
    methods, contexts = collection.methods, collection.contexts

    def place(cell: str) -> tuple[int, int, tuple[int, ...], str]:
        context, method = owners[cell]
        seeds = sorted({row.seed for row in collection.records[cell].rows if row.seed is not None})
        return contexts.index(context), methods.index(method), tuple(seeds), cell

    return [
        _card(collection.records[cell], owners[cell][1], owners[cell][0])
        for cell in sorted(collection.records, key=place)
    ]


def gaps(collection: Collection) -> list[Gap]:
    """Every method and seed that a context lacks although another method has it there."""
    found = []
    ablated = set(collection.rows.loc[collection.rows["variant"] != "full", "method"])
    for context in collection.contexts:
        rows = collection.in_context(context)
        seeds = {m: {int(s) for s in g["seed"].dropna()} for m, g in rows.groupby("method")}
        wanted = set().union(*seeds.values())
        computing = {m: {c.seed for c in cells} for m, cells in collection.pending_in(context).items()}
        for method in collection.methods:
            if method not in seeds:
                if method not in ablated and method not in computing:
                    found.append(Gap(context, method, ()))
            elif seeds[method]:
                lacking = wanted - seeds[method] - computing.get(method, set())
                if lacking:
                    found.append(Gap(context, method, tuple(sorted(lacking))))
    return found


def collected_notes(collection: Collection) -> list[tuple[str, tuple[str, ...]]]:
    """Each distinct note of the records, with the cells that carry it."""
    notes: dict[str, list[str]] = {}
    for record in collection.records.values():
        for note in record.notes:
            notes.setdefault(note, []).append(record.cell_id)
    return [(note, tuple(cells)) for note, cells in notes.items()]


def _card(record: Record, method: str, context: Context) -> Card:
    row = record.rows[0]
    seeds = sorted({r.seed for r in record.rows if r.seed is not None})
    seed = f", seed {', '.join(map(str, seeds))}" if seeds else ""
    setting = "".join(f", {part}" for part in (context.protocol, context.condition) if part)
    return Card(
        cell=record.cell_id,
        title=f"{method} · {record.task} · {dataset_label(row.dataset)} {row.split}{setting}{seed}",
        command=record.command,
        settings=_pairs(record.settings),
        environment=_pairs(record.environment),
        seconds=tuple((stage, f"{duration:,.1f} s") for stage, duration in record.seconds.items()),
        numbers=tuple((r.metric, _number(r.value, r.ci_low, r.ci_high, r.n)) for r in record.rows),
        notes=record.notes,
        started=record.started,
    )


def _number(value: float, low: float, high: float, num_images: int) -> str:
    interval = f" [{low:.6g}, {high:.6g}]" if math.isfinite(low) and math.isfinite(high) else ""
    count = f" n = {num_images:,}" if num_images else ""
    return f"{value:.6g}{interval}{count}"


def _pairs(mapping: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((key, _plain(value)) for key, value in flatten(mapping).items())


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)
