"""A report of sixty methods: every figure finds room for its names."""

from __future__ import annotations

import re
import warnings
from itertools import combinations

import numpy as np

from reports.boards import build_boards
from reports.collect import collect
from reports.figures import critical_difference
from reports.relations import precision_recall, score_and_cost, write_labels
from tests.reports.conftest import Fabricator

METHODS = [f"method-{number:02d}" for number in range(60)]
RANKED = 25
"""Of them, by image metrics too: every pair is tested in every metric, which takes its time."""


def test_figures_of_sixty_methods_find_room_for_them(fabricator: Fabricator) -> None:
    for number, name in enumerate(METHODS):
        fabricator.detect(name, images=6)
        fabricator.cost(name)
        if number < RANKED:
            fabricator.quality(name, images=6)
    crowd = collect(fabricator.workdir)
    boards = {board.context.task: board for board in build_boards(crowd)}
    detection, quality, cost = (boards[task] for task in ("detect", "quality", "cost"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curves = precision_recall(detection, crowd)
        ranks = critical_difference(quality, crowd)
        times = score_and_cost(detection, cost, crowd)
    assert curves is not None
    assert curves.alt.count("method-") == 60
    assert ranks is not None
    marked = [int(n) for n in re.findall(r">(\d+)</text>", ranks.svg)]
    assert marked == [1, *range(2, RANKED, 2)]
    assert times is not None
    left_out = re.search(r"(\d+) names left out for want of room", times.svg)
    assert left_out is not None
    assert times.svg.count(">method-") == 60 - int(left_out[1]) > 5
    front = re.search(r"at once: (.*)\.", times.caption)
    assert front is not None
    assert f">{front[1].split(', ')[0]}<" in times.svg


def test_no_name_covers_another_or_a_point() -> None:
    from matplotlib.figure import Figure

    random = np.random.default_rng(0)
    for count in (8, 60):
        figure = Figure(figsize=(5.4, 3.4))
        axes = figure.subplots()
        places = random.normal(size=(count, 2))
        points = {name: (float(x), float(y)) for name, (x, y) in zip(METHODS[:count], places, strict=True)}
        axes.scatter(*zip(*points.values(), strict=True))
        axes.margins(0.18, 0.14)
        written = write_labels(axes, points)
        figure.canvas.draw()
        boxes = [label.get_window_extent() for label in written.values()]
        overlaps = [(a, b) for a, b in combinations(boxes, 2) if a.shrunk(0.9, 0.8).overlaps(b.shrunk(0.9, 0.8))]
        assert overlaps == []
        pixels = axes.transData.transform(places)
        assert not any(box.shrunk(0.9, 0.8).contains(*pixel) for box in boxes for pixel in pixels)
        said = axes.get_title(loc="right")
        assert said == (f"{count - len(written)} names left out for want of room" if len(written) < count else "")
        assert count > 8 or len(written) == 8
