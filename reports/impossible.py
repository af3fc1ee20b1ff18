"""Values that the definition of their metric cannot give: named first, since no comparison with them means anything."""

from __future__ import annotations

from reports.collect import Collection
from reports.scores import limits_in_words
from reports.verdict import Finding, Span
from suite.rows import Row, is_outside
from suite.statistics.scored import RecordScores

MOST_NAMED = 6


def impossible_values(collection: Collection) -> list[Finding]:
    """One paragraph over all records; none where every value is possible.

    The range of a metric is stated in its records, by the metric itself.
    """
    found = []
    owners = collection.owners
    for cell, scores in collection.scores.items():
        context, method = owners[cell]
        for row in scores.record.rows:
            said = _what(row, scores)
            if said:
                found.append((f"{method} on {context.place}: {said}", cell))
    if not found:
        return []
    spans: list[Span] = []
    for text, cell in found[:MOST_NAMED]:
        spans += [*([Span("; ")] if spans else []), Span(text, (cell,))]
    more = f", and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    spans.append(Span(f"{more}. Such numbers are wrong or were not measured; ranks beside them mean nothing."))
    return [Finding("Impossible values", tuple(spans))]


def _what(row: Row, scores: RecordScores) -> str:
    if row.is_impossible:
        return f"{row.label} = {row.value:.4g}, but it {limits_in_words(row)}"
    images = scores.images(row.metric)
    outside = sum(is_outside(float(value), row.bounds) for value in images[1]) if images else 0
    return (
        f"{row.label} of {outside} of {len(images[1])} images, but it {limits_in_words(row)}"
        if images and outside
        else ""
    )
