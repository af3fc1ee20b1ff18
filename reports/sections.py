"""The sections of the page: one per task and data with its table and figures, then what joins several of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reports.board_tables import class_table, evidence_table, leaderboard, subset_table
from reports.boards import Board
from reports.changes import Comparison, difference_table
from reports.collect import Collection
from reports.confusion import confusion_matrices, object_counts
from reports.costs import cost_table
from reports.doses import dose_curves
from reports.figures import class_heat_map, critical_difference, distributions, evidence_plot
from reports.labels import TASKS, dataset_label
from reports.protocols import protocol_tables
from reports.relations import metric_correlation, precision_recall, score_and_cost
from reports.robustness import robustness_items
from reports.svg import Drawing
from reports.tables import Table
from reports.training import training_curves

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


def board_section(board: Board, collection: Collection, *, alone: bool, with_protocol: bool = False) -> Section:
    """Everything about one task on one data set.

    Args:
        board: Its methods and scores.
        collection: What was read.
        alone: Whether it is the only section of its task, so that its name in the navigation needs no data set.
        with_protocol: Whether another section differs from it by the protocol, which its name then tells.
    """
    drawn: Sequence[Callable[[Board, Collection], Drawing | None]]
    items: list[Item | None] = [
        leaderboard(board),
        evidence_plot(board, collection),
        critical_difference(board, collection),
    ]
    items.append(evidence_table(board))
    items.append(subset_table(board))
    drawn = (training_curves, object_counts, confusion_matrices, precision_recall, class_heat_map, distributions)
    items += [draw(board, collection) for draw in drawn]
    items.append(class_table(board))
    if board.primary:
        items.append(cost_table(board, collection))
    task = TASKS.get(board.context.task, board.context.task)
    where = dataset_label(board.context.dataset)
    told = (board.context.protocol if with_protocol else "", board.context.setup)
    where += "".join(f", {part}" for part in told if part)
    return Section(
        slug=f"section-{board.context.slug}",
        short=task if alone else f"{task}, {where}",
        title=f"{task} on {where}" if board.context.split else task,
        lead=facts_of(board),
        items=tuple(item for item in items if item is not None),
    )


def robustness_section(boards: Sequence[Board], collection: Collection) -> Section:
    """What corrupted sources cost; without items where nothing was corrupted.

    Args:
        boards: Of the clean pairs and of all conditions.
        collection: All that was read.
    """
    return Section(
        "robustness",
        "Robustness",
        "Robustness",
        "Sources are corrupted after reading and before fusing; labels stay those of the clean pairs, and networks "
        "learn from clean pairs unless an axis says otherwise.",
        tuple(robustness_items(boards, collection)),
    )


def other_sections(
    boards: Sequence[Board], collection: Collection, ablations: Sequence[Table], comparison: Comparison | None
) -> Iterator[Section]:
    """What joins several boards; sections without items are left out by the caller."""
    yield from _change_sections(comparison)
    yield Section(
        "ablation",
        "Ablation",
        "Ablation",
        "What each part is worth: every variant against the full method.",
        (*ablations, *dose_curves(collection)),
    )
    yield Section(
        "protocols",
        "Protocols",
        "Retrained and frozen",
        "One network per fuser, learnt from its images, beside one network that judges all of them.",
        tuple(protocol_tables(boards, collection)),
    )
    yield Section(
        "relations",
        "Relations",
        "Metrics, scores and cost",
        "Whether an image metric says anything about the task, and what a score costs.",
        tuple(_relations(boards, collection)),
    )


def facts_of(board: Board) -> str:
    """Split, images, seeds, protocol and setup: said once, above everything that they hold for."""
    scores = board.scores.values()
    judged = [s.num_images for (_, m), s in board.scores.items() if "/" not in m and s.higher is not None]
    images = max(judged, default=0)
    seeds = sorted({seed for s in scores for seed in s.seeds})
    facts = []
    if board.context.task != "cost":
        facts += [f"{board.context.split} split", board.cases(images)]
    if board.context.protocol:
        facts.append(board.context.protocol)
    if seeds:
        facts.append(f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}")
    if board.context.setup:
        facts.append(board.context.setup)
    return " · ".join(facts)


def _relations(boards: Sequence[Board], collection: Collection) -> Iterator[Drawing]:
    for quality, task in quality_and_task(boards):
        drawing = metric_correlation(quality, task, collection)
        if drawing is not None:
            yield drawing
    for cost in [b for b in boards if b.context.task == "cost"]:
        for task in [b for b in boards if b.context.task in ("detect", "segment")]:
            drawing = score_and_cost(task, cost, collection)
            if drawing is not None:
                yield drawing


def quality_and_task(boards: Sequence[Board]) -> Iterator[tuple[Board, Board]]:
    """Pairs of boards on the same dataset and split."""
    for task in [b for b in boards if b.context.task in ("detect", "segment")]:
        for quality in [b for b in boards if b.context.task == "quality"]:
            if quality.context[:2] == task.context[:2]:
                yield quality, task


def _change_sections(comparison: Comparison | None) -> Iterator[Section]:
    if comparison is None:
        return
    table = difference_table(comparison)
    lead = "Nothing differs." if table is None else "Seeds are averaged before comparing."
    yield Section("changes", "Changes", f"Changes since {comparison.before}", lead, () if table is None else (table,))
