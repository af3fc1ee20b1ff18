"""The result in words: who is best at what, by how much, and whether the difference is more than noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reports.boards import Board
from reports.labels import BASELINES, EVIDENCE, show_p
from reports.scores import OVERALL


@dataclass(frozen=True)
class Span:
    """A piece of a sentence; with records where it is a number, strong where it names a method."""

    text: str
    records: tuple[str, ...] = ()
    strong: bool = False


@dataclass(frozen=True)
class Finding:
    """One paragraph of the verdict."""

    topic: str
    spans: tuple[Span, ...]


def verdict(boards: Sequence[Board], *, evidence_of: Sequence[Board] | None = None) -> list[Finding]:
    """One paragraph per context, and one per evidence table.

    Args:
        boards: The contexts to speak of.
        evidence_of: Those whose evidence tables to speak of; by default the same.
    """
    findings = []
    for board in boards:
        if board.context.task == "cost" or len(board.present) < 2:
            continue
        spans = _quality(board) if board.context.task == "quality" else _task(board)
        if spans:
            findings.append(Finding(board.context.title, tuple(spans)))
    for board in boards if evidence_of is None else evidence_of:
        evidence = _evidence(board)
        if evidence:
            findings.append(Finding(f"By evidence: {board.context.title}", tuple(evidence)))
    return findings


def _task(board: Board) -> list[Span]:
    metric = board.ranking
    if metric is None or metric == OVERALL:
        return []
    order = board.ordered(metric)
    if len(order) < 2:
        return []
    best, others = order[0], order[1:]
    if len({board.scores[m, metric].value for m in order}) == 1:
        return [Span(f"All {len(order)} methods have the same {board.labels[metric].text}.")]
    spans = [Span(best, strong=True), Span(" has the highest " if _higher(board, metric) else " has the lowest ")]
    spans += [Span(f"{board.labels[metric].text}, "), *value_spans(board, best, metric), Span(". ")]
    tests = board.tests.get(metric)
    tested = [o for o in others if tests is not None and tests.tested(best, o)]
    if tests is None or not tested:
        runner = others[0]
        reason = tests.reason(best, runner) if tests is not None else ""
        spans += [Span("Next is "), Span(runner, strong=True), Span(" with "), *value_spans(board, runner, metric)]
        spans += [Span(f". Nothing here is called better or worse: {reason or 'no test was possible'}.")]
        return spans
    beaten = [o for o in tested if tests.better(best, o)]
    tied = [o for o in tested if o not in beaten]
    if beaten:
        spans.append(Span(f"It is significantly better than {_count(beaten, tested)}"))
        spans.append(Span(f" ({tests.test}, {board.cases(tests.num_images)}). "))
    if tied:
        spans.append(Span("Its lead over " if beaten else "But its lead over "))
        for i, other in enumerate(tied[:3]):
            spans += [Span(", " if i else ""), Span(other, strong=True), Span(" (")]
            spans += [difference_span(board, other, best, metric), Span(f", {p_words(tests.p_value(best, other))})")]
        more = f" and {len(tied) - 3} more" if len(tied) > 3 else ""
        spans.append(Span(f"{more} is not more than noise. "))
    else:
        spans += [
            Span("The nearest, "),
            Span(others[0], strong=True),
            Span(", is "),
            *value_spans(board, others[0], metric),
        ]
        spans.append(Span(". "))
    return spans


def _quality(board: Board) -> list[Span]:
    metrics = [m for m in board.judged if len(board.ordered(m)) > 1]
    if not metrics:
        return []
    wins: dict[str, list[str]] = {}
    for metric in metrics:
        wins.setdefault(board.ordered(metric)[0], []).append(metric)
    spans: list[Span] = []
    tests = board.tests.get(OVERALL)
    if tests is not None and tests.any_tested:
        order = sorted(board.mean_ranks, key=lambda m: board.mean_ranks[m])
        best = order[0]
        tied = [o for o in order[1:] if not tests.better(best, o)]
        spans += [Span(best, strong=True), Span(f" ranks best over all {len(metrics)} metrics (mean rank ")]
        spans += [Span(f"{board.mean_ranks[best]:.2f}", _records(board, best)), Span(" of ")]
        spans += [Span(f"{len(order)}, {board.cases(tests.num_images)}). ")]
        if tied:
            spans += [Span(f"The difference to {', '.join(tied[:3])}"), Span(" is not significant. ")]
        else:
            spans += [Span("Every other fuser is significantly worse on that rank. ")]
    parts = sorted(wins.items(), key=lambda item: -len(item[1]))
    for i, (method, won) in enumerate(parts[:4]):
        names = ", ".join(board.labels[m].text + (" (tie)" if _tied(board, m) else "") for m in won)
        spans += [Span("; " if i else "Best by metric: "), Span(method, strong=True), Span(f" in {names}")]
    rest = sum(len(won) for _, won in parts[4:])
    spans.append(Span(f"; others in {rest} more." if rest else "."))
    return spans


def _evidence(board: Board) -> list[Span]:
    """What each source loses of the other's objects, and which fuser keeps most of both."""
    metric = board.ranking
    keys = {name: f"{metric}/evidence:{name}" for name in EVIDENCE}
    both, infrared, visible = (keys[name] for name in ("both", "infrared", "visible"))
    if infrared not in board.metrics or visible not in board.metrics:
        return []
    label = board.labels[metric or ""].text
    spans: list[Span] = []
    for source, lost, other in (("visible", infrared, "infrared"), ("infrared", visible, "visible light")):
        if (source, lost) not in board.scores:
            continue
        spans += [Span(source, strong=True), Span(" alone: "), _plain(board, source, lost)]
        spans += [Span(f" {label} on what only {other} shows")]
        if (source, both) in board.scores:
            spans += [Span(", "), _plain(board, source, both), Span(" on what both show")]
        spans.append(Span(". "))
    weaker = {
        m: min((infrared, visible), key=lambda k, m=m: _order(board, m, k)) for m in board.present if m not in BASELINES
    }
    weaker = {m: k for m, k in weaker.items() if (m, infrared) in board.scores and (m, visible) in board.scores}
    if len(weaker) < 2:
        return spans
    order = sorted(weaker, key=lambda m: -_order(board, m, weaker[m]))
    for lead, method in (("Of the fusers ", order[0]), ("; least: ", order[-1])):
        side = "infrared" if weaker[method] == infrared else "visible light"
        spans += [Span(lead), Span(method, strong=True), Span(" keeps most of both: " if method == order[0] else ", ")]
        spans += [_plain(board, method, weaker[method]), Span(f" on its weaker side, what only {side} shows")]
    spans.append(Span("."))
    return spans


def _order(board: Board, method: str, key: str) -> float:
    score = board.scores.get((method, key))
    return score.value if score is not None and math.isfinite(score.value) else -math.inf


def _plain(board: Board, method: str, metric: str) -> Span:
    score = board.scores[method, metric]
    return Span(board.labels[metric].with_unit(score.value, _decimals(board, metric)), score.cells)


def value_spans(board: Board, method: str, metric: str) -> list[Span]:
    """A score with its unit and interval."""
    score = board.scores[method, metric]
    decimals, label = _decimals(board, metric), board.labels[metric]
    text = label.with_unit(score.value, decimals)
    tail = ""
    if math.isfinite(score.low):
        tail = f" [{label.show(score.low, decimals)}, {label.show(score.high, decimals)}]"
    return [Span(text, score.cells), Span(tail)]


def difference_span(board: Board, method: str, best: str, metric: str) -> Span:
    """How far `best` is ahead, with its unit."""
    first, second = board.scores[method, metric], board.scores[best, metric]
    label = board.labels[metric]
    text = label.show(second.value - first.value, _decimals(board, metric), signed=True)
    return Span(f"{text}{label.difference_unit}", (*first.cells, *second.cells))


def _decimals(board: Board, metric: str) -> int:
    return board.labels[metric].decimals_for(s.value for (_, key), s in board.scores.items() if key == metric)


def _records(board: Board, method: str) -> tuple[str, ...]:
    return tuple(sorted({c for (m, _), s in board.scores.items() if m == method for c in s.cells}))


def _tied(board: Board, metric: str) -> bool:
    order = board.ordered(metric)
    return any(board.ties_best(m, metric) for m in order[1:])


def _higher(board: Board, metric: str) -> bool:
    return next((s.higher for (_, key), s in board.scores.items() if key == metric), True) is not False


def _count(part: Sequence[str], whole: Sequence[str]) -> str:
    if len(part) == len(whole):
        return f"all {len(whole)} others" if len(whole) > 1 else part[0]
    return f"{len(part)} of {len(whole)} others"


def p_words(p: float) -> str:
    """A p value in words."""
    return "not testable: too few images" if math.isnan(p) else show_p(p)
