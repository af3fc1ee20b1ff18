"""The tables of one context: the leaderboard, scores by evidence, scores by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from reports.boards import Board, evidence_of, is_board_metric
from reports.labels import DASH, EVIDENCE, SUBSET, arrow, split_metric
from reports.scores import OVERALL, MethodScore
from reports.tables import Column, Table, TableCell, TableRow, score_cell

COST_FACTS = ("ms", "parameters")
"""What any task may tell of a fuser beside its scores."""


def leaderboard(board: Board) -> Table:
    """Every method in one context: rank where a test allows one, then all metrics."""
    # Beside a task's scores the cost of a fuser has a table of its own.
    metrics = [m for m in board.metrics if is_board_metric(m) and not (board.primary and m in COST_FACTS)]
    columns = tuple(_metric_column(board, m) for m in metrics)
    cells = {metric: _metric_cells(board, metric, board.methods) for metric in metrics}
    ranking = _rank_cells(board)
    rows = tuple(
        TableRow(
            head=method,
            cells=(*([ranking[method]] if ranking else []), *(cells[metric][method] for metric in metrics)),
            missing=method in board.missing,
        )
        for method in board.methods
    )
    head = (Column(key="rank", text="Rank", hint=_rank_hint(board), arrow="", higher=False),) if ranking else ()
    return Table(
        slug=f"leaderboard-{board.context.slug}",
        title=board.context.title,
        heading="Leaderboard",
        corner="Fuser",
        columns=(*head, *columns),
        rows=rows,
        notes=tuple(_board_notes(board)),
    )


def evidence_table(board: Board) -> Table | None:
    """Scores by which modality shows the object; None where the records hold no evidence classes."""
    stems = list(dict.fromkeys(split_metric(m)[0] for m in board.metrics if evidence_of(m)))
    keys = [f"{stem}/evidence:{name}" for stem in stems for name in EVIDENCE]
    note = "Objects that only infrared, only visible light, or both show; the others are ignored in each column."
    return _part_table(board, [key for key in keys if key in board.metrics], "evidence", "By evidence", notes=(note,))


def subset_table(board: Board) -> Table | None:
    """Scores on parts of the test images, such as day and night; None where the records hold none."""
    keys = [m for m in board.metrics if split_metric(m)[1].startswith(SUBSET)]
    images = {split_metric(key)[1].removeprefix(SUBSET): _images_of(board, key) for key in keys}
    note = f"Images: {', '.join(f'{name} {count}' for name, count in images.items())}."
    return _part_table(board, keys, "subsets", "By part of the test images", notes=(note,))


def class_table(board: Board) -> Table | None:
    """Scores per class; None where the records hold none, or there is one class only."""
    return _part_table(board, board.class_metrics, "classes", "By class", folded=True)


def _part_table(
    board: Board, keys: Sequence[str], slug: str, heading: str, *, notes: tuple[str, ...] = (), folded: bool = False
) -> Table | None:
    """One column per metric of a part of what is scored; None where there is no such metric."""
    if not keys:
        return None
    cells = {key: _metric_cells(board, key, board.methods) for key in keys}
    return Table(
        slug=f"{slug}-{board.context.slug}",
        title=f"{heading}: {board.context.title}",
        heading=heading,
        corner="Fuser",
        columns=tuple(_metric_column(board, key) for key in keys),
        rows=tuple(
            TableRow(head=m, cells=tuple(cells[key][m] for key in keys), missing=m in board.missing)
            for m in board.methods
        ),
        notes=notes,
        folded=folded,
    )


def _metric_cells(board: Board, metric: str, methods: Sequence[str]) -> dict[str, TableCell]:
    scores = {m: board.scores.get((m, metric)) for m in methods}
    absent = {m: TableCell.absent(is_pending=m in board.pending) for m in methods}
    known = [s for s in scores.values() if s is not None]
    label = board.labels[metric]
    decimals = label.decimals_for(s.value for s in known)
    order = board.ordered(metric) if any(s.higher is not None for s in known) else []
    # Equal values share a place, and where all are equal nobody is best.
    places = list(dict.fromkeys(board.scores[m, metric].judged for m in order))
    span = _span(known)
    cells = {}
    for method, score in scores.items():
        place = places.index(score.judged) if score is not None and method in order and len(places) > 1 else -1
        cell = score_cell(label, score, decimals) if score is not None else absent[method]
        cells[method] = replace(
            cell,
            best=place == 0,
            second=place == 1,
            ties_best=place != 0 and score is not None and board.ties_best(method, metric),
            whisker=_whisker(score, span),
        )
    return cells


def _images_of(board: Board, metric: str) -> int:
    return max((s.num_images for (_, key), s in board.scores.items() if key == metric), default=0)


def _metric_column(board: Board, metric: str) -> Column:
    higher = next((s.higher for (_, key), s in board.scores.items() if key == metric), None)
    ideal = next((s.scored.ideal for (_, key), s in board.scores.items() if key == metric), None)
    pointer = arrow(higher) if ideal is None else f"→ {ideal:g}"
    return Column(key=metric, text=board.labels[metric].head, hint=metric, arrow=pointer, higher=higher)


def _rank_cells(board: Board) -> dict[str, TableCell]:
    tests = board.tests.get(board.ranking or "")
    if tests is None or not tests.any_tested:
        return {}
    cells = {}
    for method in board.methods:
        if method in board.present and method not in board.contestants:
            cells[method] = TableCell(text="–", hint="a source image: shown for comparison, not ranked")
            continue
        if not any(tests.tested(method, other) for other in tests.methods if other != method):
            cells[method] = TableCell(text=DASH, missing=True, hint="not tested")
            continue
        rank = tests.rank(method)
        worse = sum(tests.better(method, other) for other in tests.methods if other != method)
        hint = f"significantly worse than {rank - 1}, better than {worse} of {len(tests.methods) - 1} others"
        records = tuple(sorted({c for (m, _), s in board.scores.items() if m == method for c in s.cells}))
        cells[method] = TableCell(text=str(rank), value=float(rank), hint=hint, records=records)
    return cells


def _rank_hint(board: Board) -> str:
    tests = board.tests[board.ranking or OVERALL]
    basis = "mean rank over all metrics" if board.ranking == OVERALL else board.labels[board.ranking or ""].text
    return f"1 + number of methods significantly better in {basis} ({tests.test}, {board.cases(tests.num_images)})"


def _board_notes(board: Board) -> list[str]:
    notes = []
    if _rank_cells(board):
        notes.append(f"Rank: {_rank_hint(board)}. Equal ranks: no proven difference.")
    untested = _untested(board)
    if untested:
        notes.append(untested)
    if len(board.contestants) < len(board.methods):
        notes.append("The source images are shown for comparison; they score trivially here and are not ranked.")
    missing = [m for m in board.missing if m not in board.pending]
    if missing:
        notes.append(f"Missing: {', '.join(missing)}.")
    if board.pending:
        seeds = {m: f" (seed {', '.join(map(str, s))})" if s else "" for m, s in board.pending.items()}
        notes.append(f"Being computed: {', '.join(f'{m}{seeds[m]}' for m in board.pending)}.")
    return notes


def _untested(board: Board) -> str:
    """Which methods could not be compared by the score that ranks, and why; empty where all were."""
    tests = board.tests.get(board.ranking or "")
    if tests is None or not tests.reasons:
        return ""
    reasons = dict.fromkeys(tests.reasons.values())
    if not tests.any_tested:
        return f"Nothing is ranked: {'; '.join(reasons)}."
    pairs = len(tests.methods) * (len(tests.methods) - 1) // 2
    return f"{len(tests.reasons)} of {pairs} pairs are not tested: {'; '.join(reasons)}."


def _span(scores: Sequence[MethodScore]) -> tuple[float, float] | None:
    ends = [v for s in scores for v in (s.value, s.low, s.high) if math.isfinite(v)]
    return (min(ends), max(ends)) if ends and max(ends) > min(ends) else None


def _whisker(score: MethodScore | None, span: tuple[float, float] | None) -> tuple[float, float, float] | None:
    if score is None or span is None or not math.isfinite(score.value):
        return None
    low, high = (score.low, score.high) if math.isfinite(score.low) else (score.value, score.value)
    first, last = span
    a, b, c = (round(100 * (v - first) / (last - first), 1) for v in (low, score.value, high))
    return a, b, c
