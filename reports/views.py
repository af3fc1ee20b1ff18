"""Everything the page shows, computed: sections of tables, figures, words and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reports.ablation import ablation_tables
from reports.boards import Board, build_boards
from reports.changes import Comparison, compare, difference_table
from reports.collect import Collection
from reports.figures import class_heat_map, critical_difference, distributions, evidence_plot
from reports.gallery import Gallery, build_gallery
from reports.labels import MEDICAL_DATASETS, show_p
from reports.provenance import Card, cards, collected_notes, gaps
from reports.relations import correlations, metric_correlation, precision_recall, score_and_cost
from reports.svg import Drawing
from reports.tables import Table, class_table, evidence_table, leaderboard
from reports.verdict import Finding, Span, verdict

Item = Table | Drawing


@dataclass(frozen=True)
class Section:
    """One section of the page: a heading and its tables and figures in reading order."""

    slug: str
    short: str
    """In the navigation."""
    title: str
    lead: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Views:
    """What the template is given."""

    name: str
    summary: tuple[tuple[str, str], ...]
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
    boards = build_boards(collection)
    ablations = ablation_tables(collection)
    comparison = compare(other, collection) if other is not None else None
    findings = [*verdict(boards), *(f for _, found in ablations for f in found), *_prediction(boards)]
    sections = [
        *_change_sections(comparison),
        *_board_sections(boards, collection, [table for table, _ in ablations]),
    ]
    return Views(
        name=collection.name,
        summary=tuple(_summary(collection)),
        findings=tuple(findings),
        sections=tuple(section for section in sections if section.items),
        gallery=build_gallery(collection),
        gaps=tuple(gap.text for gap in gaps(collection)),
        notes=tuple(collected_notes(collection)),
        damaged=collection.damaged,
        superseded=tuple(f"{r.rows[0].fuser}, {r.task}: {r.cell_id} of {r.started}" for r in collection.superseded),
        cards=tuple(cards(collection)),
        comparison=comparison,
    )


def _board_sections(boards: list[Board], collection: Collection, ablations: list[Table]) -> Iterator[Section]:
    medical = [b for b in boards if b.context.dataset.startswith(MEDICAL_DATASETS)]
    others = [b for b in boards if b not in medical]

    def each(*views: Callable[[Board], Item | None], among: list[Board] = others) -> tuple[Item, ...]:
        return tuple(item for board in among for view in views if (item := view(board)) is not None)

    def drawn(view: Callable[[Board, Collection], Drawing | None]) -> Callable[[Board], Drawing | None]:
        return lambda board: view(board, collection)

    yield Section(
        "leaderboard",
        "Leaderboard",
        "Leaderboard",
        "Every number leads to its record. Best in bold, second underlined; ≈ marks what a paired test cannot tell "
        "from the best. The small line under a number places it, with its interval, in the range of its column.",
        each(leaderboard, drawn(critical_difference)),
    )
    yield Section(
        "evidence",
        "Evidence",
        "By evidence",
        "In the synthetic scenes it is known which modality shows each object. A fuser that drops a modality loses "
        "exactly those objects.",
        each(drawn(evidence_plot), evidence_table),
    )
    yield Section(
        "ablation",
        "Ablation",
        "Ablation",
        "What each part is worth: every variant against the full method.",
        tuple(ablations),
    )
    yield Section("classes", "Classes", "By class", "", each(drawn(class_heat_map), class_table))
    yield Section(
        "images",
        "Images",
        "Image by image",
        "How far scores vary from one image to the next.",
        each(drawn(distributions)),
    )
    yield Section("curves", "Curves", "Precision and recall", "", each(drawn(precision_recall)))
    yield Section(
        "relations",
        "Relations",
        "Metrics, scores and cost",
        "Whether an image metric says anything about the task, and what a score costs.",
        tuple(_relations(others, collection)),
    )
    yield Section(
        "medical",
        "Medical",
        "Medical images",
        "No detector or segmenter is judged here: image metrics alone.",
        each(leaderboard, drawn(critical_difference), drawn(distributions), among=medical),
    )


def _relations(boards: list[Board], collection: Collection) -> Iterator[Drawing]:
    for quality, task in _quality_and_task(boards):
        drawing = metric_correlation(quality, task, collection)
        if drawing is not None:
            yield drawing
    for cost in [b for b in boards if b.context.task == "cost"]:
        for task in [b for b in boards if b.context.task in ("detect", "segment")]:
            drawing = score_and_cost(task, cost, collection)
            if drawing is not None:
                yield drawing


def _quality_and_task(boards: list[Board]) -> Iterator[tuple[Board, Board]]:
    """Pairs of boards on the same dataset and split."""
    for task in [b for b in boards if b.context.task in ("detect", "segment")]:
        for quality in [b for b in boards if b.context.task == "quality"]:
            if quality.context[:2] == task.context[:2]:
                yield quality, task


def _prediction(boards: list[Board]) -> Iterator[Finding]:
    for quality, task in _quality_and_task(boards):
        found = correlations(quality, task)
        if not found:
            continue
        target = task.labels[task.ranking or ""].text
        proven = [row for row in found if row[2] < 0.05]
        words = ", ".join(
            f"{quality.labels[m].text} (rho {rho:+.2f}, {show_p(p)})" for m, rho, p, _ in proven or found[:1]
        )
        text = (
            f"Over {found[0][3]} fusers, {words} {'goes' if len(proven) == 1 else 'go'} with {target}."
            if proven
            else f"Over {found[0][3]} fusers no image metric is proven to go with {target}; the nearest is {words}."
        )
        yield Finding(f"Do image metrics predict {target}? {task.context.title}", (Span(text),))


def _change_sections(comparison: Comparison | None) -> Iterator[Section]:
    if comparison is None:
        return
    table = difference_table(comparison)
    lead = "Nothing differs." if table is None else "Seeds are averaged before comparing."
    yield Section("changes", "Changes", f"Changes since {comparison.before}", lead, () if table is None else (table,))


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
