"""Scores of made-up methods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from suite.statistics.intervals import Array
from suite.statistics.scored import Scored

Study = Callable[[Array], dict[str, Scored]]


def untrained(scores: Array) -> dict[str, Scored]:
    """Methods a, b, c ... from the columns of an (N, M) table of per-image scores."""
    ids = tuple(map(str, range(len(scores))))
    return {
        name: Scored(values=np.array([np.nanmean(column)]), images=column[None], ids=ids, num_images=len(ids))
        for name, column in zip("abcdefgh", scores.T, strict=False)
    }


@pytest.fixture
def study() -> Study:
    return untrained
