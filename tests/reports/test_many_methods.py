"""A report of sixty methods: every figure finds room for its legend."""

from __future__ import annotations

import warnings

from reports.boards import build_boards
from reports.collect import collect
from reports.relations import precision_recall
from tests.reports.conftest import Fabricator


def test_the_legend_of_sixty_methods_leaves_room_for_the_curves(fabricator: Fabricator) -> None:
    for number in range(60):
        fabricator.detect(f"method-{number:02d}", images=6)
    collection = collect(fabricator.workdir)
    board = build_boards(collection)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = precision_recall(board, collection)
    assert drawing is not None
    assert drawing.alt.count("method-") == 60
