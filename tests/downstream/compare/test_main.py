"""The comparison command on a miniature laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.compare.__main__ import _parser, comparison_cells, main
from downstream.grid.cell import Cell, with_needs
from downstream.grid.ledger import Ledger
from suite.records import iter_records

TINY = ["--synthetic", "num_train=1", "num_val=1", "num_test=4", "height=64", "width=80"]
QUICK = ["--set", "quality.metrics=en,sd", "quality.resamples=20"]


def cells_of(*arguments: str) -> list[Cell]:
    return comparison_cells(_parser().parse_args([*arguments, "--device", "cpu"]), "cpu")


def test_fusers_become_records_and_a_second_run_computes_nothing(tmp_path: Path, worker_path: None) -> None:
    command = [
        "--fusers",
        "average",
        "max",
        *TINY,
        *QUICK,
        "--workdir",
        str(tmp_path),
        "--device",
        "cpu",
        "--no-report",
    ]
    assert main(command) == 0
    records = {record.cell_id: record for record in iter_records(tmp_path)}
    assert sorted({row.fuser for record in records.values() for row in record.rows}) == ["average", "max"]
    assert {record.rows[0].variant for record in records.values()} == {"full"}
    assert main(command) == 0
    ledger = Ledger(tmp_path)
    assert [ledger.attempts(path.name, "started") for path in tmp_path.glob("cells/*")] == [1] * 5


def test_tasks_take_the_seeds_and_quality_needs_none() -> None:
    cells = cells_of("--fusers", "average", "--tasks", "quality", "detect", "segment", "--seeds", "0", "1", "1")
    assert [cell.title for cell in cells] == [
        "quality/synthetic/average",
        "detect/synthetic/average/seed0",
        "detect/synthetic/average/seed1",
        "segment/synthetic/average/seed0",
        "segment/synthetic/average/seed1",
    ]


def test_given_weights_judge_once_whatever_the_seeds(tmp_path: Path) -> None:
    weights = tmp_path / "detector.pt"
    weights.write_bytes(b"weights")
    frozen = ["detect.protocol=frozen", "detect.frozen_on=model", f"detect.model={weights}"]
    cells = cells_of("--fusers", "average", "--tasks", "detect", "--seeds", "0", "1", "--set", *frozen)
    assert len(cells) == 1
    assert [cell.title for cell in with_needs(cells).values()] == [
        "data/synthetic", "fuse/synthetic/average/test", "detect/synthetic/average/seed0",
    ]  # fmt: skip
    weights.write_bytes(b"other weights")
    assert cells_of("--fusers", "average", "--tasks", "detect", "--set", *frozen)[0].cell_id != cells[0].cell_id


def test_cost_is_measured_once_per_fuser_and_alone() -> None:
    cells = cells_of("--fusers", "average", "max", "--tasks", "cost", "--seeds", "0", "1")
    assert [(cell.title, cell.exclusive) for cell in cells] == [("cost/average", True), ("cost/max", True)]


def test_a_dataset_without_labels_is_judged_by_what_it_has(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = cells_of(
        "--fusers", "average", "--datasets", f"tno={shared / 'data' / 'tno'}", "--tasks", "quality", "detect"
    )
    assert [cell.title for cell in cells] == ["quality/tno/average"]
    assert "tno has no labels for detect: left out." in capsys.readouterr().out


def test_where_real_pairs_lie_is_not_part_of_a_cell(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(shared / "data" / "tno", target_is_directory=True)
    here = cells_of("--fusers", "average", "--datasets", f"tno={shared / 'data' / 'tno'}")
    there = cells_of("--fusers", "average", "--datasets", f"tno={tmp_path / 'elsewhere'}")
    assert here[0].cell_id == there[0].cell_id
