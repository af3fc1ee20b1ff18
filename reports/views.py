"""Everything the page shows, computed: sections of tables, figures, words and examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.ablation import ablation_tables
from reports.answer import answer, main_board
from reports.boards import Board, build_boards
from reports.changes import Comparison, compare
from reports.collect import Collection
from reports.gallery import Gallery, build_gallery
from reports.impossible import impossible_values
from reports.labels import show_p
from reports.protocols import protocol_findings
from reports.provenance import Card, cards, collected_notes, gaps
from reports.relations import correlations, show_rho
from reports.robustness import clean_part
from reports.sections import Section, board_section, other_sections, quality_and_task, robustness_section
from reports.strip import Strip, build_strip
from reports.tables import Table
from reports.verdict import Finding, Span, verdict
from suite.pending import Pending


@dataclass(frozen=True)
class Views:
    """What the template is given."""

    name: str
    summary: tuple[tuple[str, str], ...]
    answer: tuple[Span, ...]
    strip: Strip | None
    pending: Pending
    """Cells that are being computed."""
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]
    gallery: Gallery
    gaps: tuple[str, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    damaged: tuple[str, ...]
    superseded: tuple[str, ...]
    cards: tuple[Card, ...]
    comparison: Comparison | None

    @property
    def tables(self) -> list[Table]:
        """Every table, in the order of the page."""
        return [item for section in self.sections for item in section.items if isinstance(item, Table)]


def build_views(collection: Collection, *, other: Collection | None = None) -> Views:
    """Compute the whole page.

    Args:
        collection: The working folder.
        other: An older one to compare with.
    """
    everything, collection = collection, clean_part(collection)
    all_boards = build_boards(everything)
    boards = [board for board in all_boards if not board.context.condition] or all_boards
    ablations = ablation_tables(collection)
    comparison = compare(other, everything) if other is not None else None
    first = main_board(boards)
    # What the first sentence says is not said twice.
    told = verdict([b for b in boards if b is not first or not b.primary], evidence_of=boards)
    findings = [
        *impossible_values(everything),
        *told,
        *(f for _, found in ablations for f in found),
        *protocol_findings(boards, collection),
        *_prediction(boards),
    ]
    tasks = Counter(board.context.task for board in boards)
    sections = [
        *(
            board_section(
                board,
                collection,
                alone=tasks[board.context.task] == 1,
                with_protocol=_differs_by_protocol(board, boards),
            )
            for board in boards
        ),
        robustness_section(all_boards, everything),
        *other_sections(boards, collection, [table for table, _ in ablations], comparison),
    ]
    return Views(
        name=collection.name,
        summary=tuple(_summary(everything)),
        answer=answer(boards),
        strip=build_strip(collection, first.context if first else None, first.methods if first else ()),
        pending=collection.pending,
        findings=tuple(findings),
        sections=tuple(section for section in sections if section.items),
        gallery=build_gallery(collection),
        gaps=tuple(gap.text for gap in gaps(everything)),
        notes=tuple(collected_notes(everything)),
        damaged=collection.damaged,
        superseded=tuple(f"{r.rows[0].fuser}, {r.task}: {r.cell_id} of {r.started}" for r in collection.superseded),
        cards=tuple(cards(everything)),
        comparison=comparison,
    )


def _differs_by_protocol(board: Board, boards: Sequence[Board]) -> bool:
    mine = board.context
    return any(
        (mine.task, mine.dataset, mine.split) == (b.context.task, b.context.dataset, b.context.split)
        and mine.protocol != b.context.protocol
        for b in boards
    )


def _prediction(boards: list[Board]) -> Iterator[Finding]:
    for quality, task in quality_and_task(boards):
        found = correlations(quality, task)
        if not found:
            continue
        target = task.labels[task.ranking or ""].text
        proven = [row for row in found if row[2] < 0.05]
        words = ", ".join(
            f"{quality.labels[m].text} (rho {show_rho(rho, n)}, {show_p(p)})" for m, rho, p, n in proven or found[:1]
        )
        text = (
            f"Over {found[0][3]} fusers, {words} {'goes' if len(proven) == 1 else 'go'} with {target}."
            if proven
            else f"Over {found[0][3]} fusers no image metric is proven to go with {target}; the nearest is {words}."
        )
        yield Finding(f"Do image metrics predict {target}? {task.context.title}", (Span(text),))


def _summary(collection: Collection) -> Iterator[tuple[str, str]]:
    rows = collection.rows
    seeds = {int(s) for s in rows["seed"].dropna()}
    for column in ("fuser", "dataset", "task"):
        count = rows[column].nunique()
        yield column + ("s" if count != 1 else ""), f"{count}"
    yield "seed" if len(seeds) == 1 else "seeds", f"{len(seeds)}" if seeds else "no"
    # The counts of single classes and evidence are boxes or pixels.
    images = [row.n for r in collection.records.values() if r.task != "cost" for row in r.rows if "/" not in row.metric]
    yield "test images, at most", f"{max(images, default=0):,}"
    yield "record" if len(collection.records) == 1 else "records", f"{len(collection.records)}"
    yield "latest", max(record.started for record in collection.records.values())[:10]
