"""The comparison command on a miniature laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.compare.__main__ import CompareCommand, comparison_cells, main
from downstream.grid.cell import Cell, Place, with_needs
from downstream.grid.store import CellStore
from downstream.plan import select
from suite.command_line import parse_settings
from suite.records import read_record, record_dirs

TINY = ["--synthetic", "num_train=1", "num_val=1", "num_test=4", "height=64", "width=80"]
QUICK = ["--set", "quality.metrics=en,sd"]


def cells_of(*arguments: str) -> list[Cell]:
    command = parse_settings(CompareCommand, arguments, prog="compare", description="")
    return comparison_cells(command, Place(workdir=Path("nowhere")))


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
    records = {record.cell_id: record for record in map(read_record, record_dirs(tmp_path))}
    assert sorted({row.fuser for record in records.values() for row in record.rows}) == ["average", "max"]
    assert {record.rows[0].variant for record in records.values()} == {"full"}
    assert main(command) == 0
    store = CellStore(tmp_path)
    assert [store.attempts(path.name, "started") for path in tmp_path.glob("cells/*")] == [1] * 5


def test_tasks_take_the_seeds_and_quality_needs_none() -> None:
    cells = cells_of("--fusers", "average", "--tasks", "quality", "detect", "segment", "--seeds", "0", "1")
    assert [cell.title for cell in cells] == [
        "quality/synthetic/average",
        "detect/synthetic/average/seed0",
        "detect/synthetic/average/seed1",
        "segment/synthetic/average/seed0",
        "segment/synthetic/average/seed1",
    ]


def test_given_weights_judge_once_whatever_the_seeds(shared: Path) -> None:
    weights = shared / "weights" / "yolov8n_coco_restored.pt"
    frozen = ["detect.protocol=frozen", "detect.frozen_on=model", f"detect.model={weights}"]
    cells = cells_of("--fusers", "average", "--tasks", "detect", "--seeds", "0", "1", "--set", *frozen)
    assert len(cells) == 1
    assert [cell.title for cell in with_needs(cells).values()] == [
        "data/synthetic", "fuse/synthetic/average/test", "detect/synthetic/average",
    ]  # fmt: skip


def test_cost_is_measured_once_per_fuser_and_alone() -> None:
    cells = cells_of("--fusers", "average", "max", "--tasks", "cost", "--seeds", "0", "1")
    assert [(cell.title, cell.exclusive) for cell in cells] == [("cost/average", True), ("cost/max", True)]


def test_a_dataset_without_labels_is_judged_by_what_it_has(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = cells_of(
        "--fusers", "average", "--datasets", f"tno={shared / 'data' / 'tno'}", "--tasks", "quality", "detect"
    )
    assert [cell.title for cell in cells] == ["quality/tno/average"]
    assert "tno has no labels for detect: left out." in capsys.readouterr().out


def test_pairs_are_called_in_titles_as_in_results(shared: Path) -> None:
    tno = shared / "data" / "tno"
    words = ["--fusers", "average", "--datasets", f"tno@called:campus={tno}"]
    cells = with_needs(select(cells_of(*words), ["quality/campus/*"])).values()
    assert [cell.title for cell in cells] == ["data/campus", "fuse/campus/average/test", "quality/campus/average"]


def test_where_real_pairs_lie_is_not_part_of_a_cell(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(shared / "data" / "tno", target_is_directory=True)
    here = cells_of("--fusers", "average", "--datasets", f"tno={shared / 'data' / 'tno'}")
    there = cells_of("--fusers", "average", "--datasets", f"tno={tmp_path / 'elsewhere'}")
    assert here[0].cell_id == there[0].cell_id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("quality.metrics=ssimm", "Did you mean 'ssim'"),
        ("quality.metrics=[ssim,vif]", "Did you mean 'ssim'"),
        ("quality.convention=cddfus", "Did you mean 'cddfuse'"),
        ("segment.arch=linknett", "Did you mean 'linknet'"),
        ("segment.encoder=resnet19", "Did you mean 'resnet1"),
        ("detect.model=yolo99n.pt", "unknown detector"),
        ("detect.frozen_on=average", "--protocol frozen"),
        ("cost.sizes=480", "--sizes"),
        ("qualiti.limit=3", "Did you mean 'quality'"),
    ],
)
def test_every_name_is_resolved_before_the_first_cell_and_on_a_dry_run(
    change: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--fusers", "average", "--tasks", "quality", "detect", "segment", "cost", "--device", "cpu", "--dry-run"]
    assert main([*command, "--workdir", str(tmp_path / "work"), "--set", change]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_trainings_are_cells_that_a_frozen_detector_shares() -> None:
    frozen = ["detect.protocol=frozen", "detect.frozen_on=visible"]
    cells = with_needs(cells_of("--fusers", "average", "max", "--tasks", "detect", "--set", *frozen))
    assert [cell.title for cell in cells.values() if cell.kind == "detector"] == ["detector/synthetic/visible/seed0"]
    again = with_needs(
        cells_of("--fusers", "average", "max", "--tasks", "detect", "--set", *frozen, "detect.resamples=9")
    )
    assert {key for key in cells if key.startswith("detector")} == {key for key in again if key.startswith("detector")}
