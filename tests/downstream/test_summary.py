"""What a command prints at its end."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import pytest
from rich.console import Console

from downstream.summary import headline_table
from suite.records import Record
from suite.rows import Row


def record(fuser: str, seed: int | None, values: Mapping[str, float]) -> Record:
    rows = tuple(
        Row(
            dataset="drawn",
            split="test",
            task="detect",
            fuser=fuser,
            variant="full",
            protocol="retrain",
            seed=seed,
            metric=name,
            value=value,
            label={"map50": "mAP50", "time": "Time"}[name],
            unit="fraction" if name == "map50" else "ms",
            higher_is_better=name == "map50",
        )
        for name, value in values.items()
    )
    return Record(cell_id=f"detect-{fuser}-{seed}", task="detect", settings={}, rows=rows, command="", started="")


def shown(records: Sequence[Record]) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(headline_table(records, ("map50", "time")))
    return console.export_text()


def test_a_method_has_one_line_with_mean_and_deviation_over_its_seeds() -> None:
    text = shown(
        [record("average", seed, {"map50": value, "time": 2.0}) for seed, value in enumerate((0.9, 0.92, 0.94))]
    )
    (line,) = [line for line in text.splitlines() if "average" in line]
    assert "0 1 2" in line
    assert "92.0 ± 2.0" in line
    assert "2.000 ± 0.000" in line


@pytest.mark.parametrize("seed", [0, None])
def test_one_training_has_no_deviation(seed: int | None) -> None:
    text = shown([record("average", seed, {"map50": 0.9, "time": 2.0})])
    assert "90.0" in text
    assert "±" not in text


def test_an_undefined_value_is_left_out_of_the_mean() -> None:
    values = (math.nan, 0.5)
    text = shown([record("average", seed, {"map50": value, "time": math.nan}) for seed, value in enumerate(values)])
    (line,) = [line for line in text.splitlines() if "average" in line]
    assert "50.0" in line
    assert "-" in line.split("50.0")[1]
