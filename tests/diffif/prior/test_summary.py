"""The summary compares the choice with every candidate and with chance, and hides neither ties nor gaps."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from datasets.images import read_array
from diffif.prior.plot import plot_search
from diffif.prior.summary import describe_search, format_summary, summarise

ROWS = [
    # pair, candidate, status, vif, chosen, tied
    ("1", "a", "scored", 4.0, True, False),
    ("1", "b", "scored", 2.0, False, False),
    ("2", "a", "scored", 3.0, True, True),
    ("2", "b", "scored", 3.0, False, True),
    ("3", "a", "missing", math.nan, False, False),
    ("3", "b", "scored", 7.0, True, False),
    ("4", "a", "scored", 5.0, True, False),
    ("4", "b", "undefined", math.nan, False, False),
]


@pytest.fixture
def table() -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=["id", "candidate", "status", "vif", "chosen", "tied"])
    table.insert(4, "score", 2 * table["vif"])
    return table


def test_wins_ties_and_gaps_are_counted(table: pd.DataFrame) -> None:
    summary = summarise(table).set_index("candidate")
    assert summary.loc["a", ["wins", "share", "tied", "undefined", "missing"]].tolist() == [3, 0.75, 1, 0, 1]
    assert summary.loc["b", ["wins", "share", "tied", "undefined", "missing"]].tolist() == [1, 0.25, 1, 1, 0]
    assert list(summary.index) == ["a", "b", "chosen by search", "chosen at random"]


def test_means_are_over_what_is_defined_and_the_distance_over_the_same_pairs(table: pd.DataFrame) -> None:
    summary = summarise(table).set_index("candidate")
    assert summary.loc["a", ["score", "vif", "behind"]].tolist() == [8, 4, 0]
    assert summary.loc["b", ["score", "vif", "behind"]].tolist() == [8, 4, pytest.approx(4 / 3)]
    assert summary.loc["chosen by search", ["score", "vif"]].tolist() == [2 * 19 / 4, 19 / 4]


def test_chance_scores_the_mean_of_each_pairs_candidates(table: pd.DataFrame) -> None:
    assert summarise(table).set_index("candidate").loc["chosen at random", "vif"] == (3 + 3 + 7 + 5) / 4


def test_the_printed_table_says_what_a_reader_must_know(table: pd.DataFrame) -> None:
    text = describe_search(table)
    assert "4 pairs, 2 candidates; 1 ties, decided by the order of the candidates" in text
    assert "1 scores undefined; 1 scores missing" in text
    assert "75.0 %" in text
    assert len({len(line) for line in format_summary(summarise(table)).splitlines()}) == 1


def test_a_draw_has_wins_alone(table: pd.DataFrame) -> None:
    summary = summarise(table.drop(columns=["vif", "score", "tied"]))
    assert list(summary.columns) == ["candidate", "wins", "share", "undefined", "missing"]


def test_the_plot_shows_every_candidate(table: pd.DataFrame, tmp_path: Path) -> None:
    plot_search(table, tmp_path / "search.svg")
    drawing = (tmp_path / "search.svg").read_text()
    for text in ("a", "b", "chosen by search", "chosen at random", "Wins, of 4 pairs"):
        assert f"<!-- {text} -->" in drawing
    plot_search(table, tmp_path / "search.png")
    height, width = read_array(tmp_path / "search.png").shape[:2]
    assert width > 2 * height
