"""The answer to the report's question in one sentence, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence

from reports.boards import Board
from reports.scores import OVERALL
from reports.verdict import Span, difference_span, p_words, value_spans

MOST_NAMED = 3


def main_board(boards: Sequence[Board]) -> Board | None:
    """The board that answers the question: the first of a task that ranks by one score, else the first with ranks."""
    several = [b for b in boards if len(b.present) > 1]
    ranked = [b for b in several if b.ranking and b.ranking != OVERALL and len(b.ordered(b.ranking)) > 1]
    return next(iter(ranked), next((b for b in several if b.ranking), None))


def answer(boards: Sequence[Board]) -> tuple[Span, ...]:
    """The sentence; () where nothing can be compared yet."""
    board = main_board(boards)
    if board is None or board.ranking is None:
        return ()
    return tuple(_by_rank(board) if board.ranking == OVERALL else _by_score(board, board.ranking))


def _by_score(board: Board, metric: str) -> list[Span]:
    best, *others = board.ordered(metric)
    if len({board.scores[m, metric].value for m in (best, *others)}) == 1:
        spans = [
            Span(f"All {len(others) + 1} methods have the same {board.labels[metric].text} on "),
            Span(board.context.place),
        ]
        return [*spans, Span(": "), *value_spans(board, best, metric), Span("; nothing can be told apart.")]
    tests = board.tests.get(metric)
    tested = [o for o in others if tests is not None and tests.tested(best, o)]
    spans = [Span(best, strong=True), Span(f" gives the best {board.labels[metric].text} on {board.context.place}: ")]
    spans += value_spans(board, best, metric)
    if tests is None or not tested:
        spans += [Span(", ahead of "), Span(others[0], strong=True), Span(" with ")]
        reason = tests.reason(best, others[0]) if tests is not None else ""
        spans += [*value_spans(board, others[0], metric), Span(f"; {reason or 'no test was possible'}, ")]
        return [*spans, Span("so nothing is proven.")]
    tied = [o for o in tested if not tests.better(best, o)]
    beaten = len(tested) - len(tied)
    if not tied:
        nearest = tested[0]
        spans += [Span("; every other method is significantly worse, the nearest, "), Span(nearest, strong=True)]
        return [*spans, Span(", with "), *value_spans(board, nearest, metric), Span(".")]
    spans.append(
        Span(f"; {beaten} of {len(tested)} others are significantly worse, but its" if beaten else "; but its")
    )
    spans.append(Span(" lead over "))
    for i, other in enumerate(tied[:MOST_NAMED]):
        spans += [
            Span(", " if i else ""),
            Span(other, strong=True),
            Span(" ("),
            difference_span(board, other, best, metric),
        ]
        spans.append(Span(f", {p_words(tests.p_value(best, other))})"))
    more = f" and {len(tied) - MOST_NAMED} more" if len(tied) > MOST_NAMED else ""
    return [*spans, Span(f"{more} may be chance.")]


def _by_rank(board: Board) -> list[Span]:
    order = sorted(board.mean_ranks, key=lambda m: board.mean_ranks[m])
    tests, best = board.tests[OVERALL], order[0]
    tied = [o for o in order[1:] if not tests.better(best, o)]
    equal = [o for o in order if board.mean_ranks[o] == board.mean_ranks[best]]
    spans = [part for name in equal for part in (Span(" and "), Span(name, strong=True))][1:]
    verb = "ranks best" if len(equal) == 1 else "share the best rank"
    spans.append(Span(f" {verb} over all metrics on {board.context.place} (mean rank "))
    spans.append(Span(f"{board.mean_ranks[best]:.2f} of {len(order)}, {board.cases(tests.num_images)})"))
    if not tests.any_tested:
        reason = tests.reason(best, order[1]) or "no test was possible"
        return [*spans, Span(f"; {reason}, so nothing is proven.")]
    if not tied:
        return [*spans, Span("; every other fuser is significantly worse.")]
    return [*spans, Span(f"; its lead over {', '.join(tied[:MOST_NAMED])} is not proven.")]
