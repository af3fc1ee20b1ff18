"""Cells under corruption: which there are, what they are called, and that nobody takes them for clean ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.detect.settings import DetectionSettings
from downstream.detect.task import DetectCell
from downstream.grid.cell import Place, from_request, to_request, with_needs
from downstream.methods import ready_method
from downstream.options import CorruptionOptions
from downstream.plan import laboratory, plan_cells, study_on
from downstream.quality.__main__ import main
from downstream.quality.settings import QualitySettings
from downstream.quality.task import QualityCell
from downstream.task import TaskCell
from suite.errors import SettingsError
from suite.records import Record, read_record, record_dirs

TINY = {"num_train": 2, "num_val": 2, "num_test": 8, "height": 64, "width": 80}
WORDS = ["--synthetic", *(f"{key}={value}" for key, value in TINY.items()), "--device", "cpu"]


def planned(task: type[TaskCell], settings: object, options: CorruptionOptions, work: Path) -> list[TaskCell]:
    study = study_on(task, settings, drawn=laboratory(TINY))
    return plan_cells(study, [ready_method("average")], [0], Place(workdir=work), corruption=options)


def detection(work: Path, *words: str, training: bool = False) -> list[TaskCell]:
    settings = DetectionSettings(model="yolov8n-laboratory.pt", epochs=1, imgsz=64)
    return planned(DetectCell, settings, CorruptionOptions(corrupt=words, corrupt_training=training), work)


def test_clean_cells_keep_the_ids_that_they_had_before_there_was_corruption(tmp_path: Path) -> None:
    clean, corrupted = planned(QualityCell, QualitySettings(), CorruptionOptions(corrupt=("shift:2",)), tmp_path)
    (alone,) = planned(QualityCell, QualitySettings(), CorruptionOptions(), tmp_path)
    assert clean.cell_id == alone.cell_id != corrupted.cell_id
    from downstream.grid.cell import identity

    for cell in with_needs([clean]).values():
        assert not {"condition", "corrupted", "reference"} & set(str(identity(cell)).replace("'", " ").split())


def test_by_default_the_network_learns_from_clean_pairs_and_is_trained_once(tmp_path: Path) -> None:
    cells = detection(tmp_path, "shift:1,2")
    trainings = [cell for cell in with_needs(cells).values() if cell.kind == "detector"]
    assert len(cells) == 3
    assert len(trainings) == 1
    assert [cell.title for cell in cells[1:]] == [
        "detect/synthetic/average/seed0/infrared.shift:1px",
        "detect/synthetic/average/seed0/infrared.shift:2px",
    ]


def test_with_corrupt_training_every_condition_is_learnt_and_says_so(tmp_path: Path) -> None:
    cells = detection(tmp_path, "shift:1,2", training=True)
    trainings = [cell for cell in with_needs(cells).values() if cell.kind == "detector"]
    assert len(trainings) == 3
    assert cells[1].condition == "infrared.shift:1px, also in training"
    assert cells[1].cell_id != detection(tmp_path, "shift:1")[1].cell_id


def test_a_corrupted_cell_survives_the_way_to_a_worker(tmp_path: Path) -> None:
    place = Place(workdir=tmp_path)
    cell = detection(tmp_path, "shift:1+noise:5")[1]
    assert from_request(to_request(cell, place)) == (cell, place)


def test_a_shift_wider_than_the_smallest_image_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the smallest image is 64 pixels"):
        detection(tmp_path, "shift:64")


def test_images_from_a_folder_cannot_follow_a_corruption(tmp_path: Path) -> None:
    import numpy as np

    from datasets.images import write_image
    from datasets.synthetic.scene import scene_id

    for index in range(8):
        write_image(tmp_path / "theirs" / f"{scene_id('test', index)}.png", np.zeros((64, 80, 3), dtype=np.uint8))
    study = study_on(QualityCell, QualitySettings(), drawn=laboratory(TINY))
    method = ready_method(f"folder:{tmp_path / 'theirs'}")
    options = CorruptionOptions(corrupt=("noise:5",))
    with pytest.raises(SettingsError, match="were made from clean pairs"):
        plan_cells(study, [method], [0], Place(workdir=tmp_path), corruption=options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--corrupt", "shft:2"], "Did you mean 'shift'"),
        (["--corrupt-training"], "--corrupt-training needs --corrupt"),
        (["--corrupt", "shift:2", "--corrupt-training"], "trains nothing"),
        (["--corrupt", "shift:2", "--corrupt-seed", "-1"], "--corrupt-seed must be 0 or greater"),
    ],
)
def test_what_makes_no_sense_is_an_error_before_work(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, *words, "--fuser", "average", "--workdir", str(tmp_path / "w")]) == 1
    assert said in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.glob("w/cells/*"))


def test_cost_has_nothing_to_corrupt(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from downstream.cost.__main__ import main as cost

    assert cost(["--fuser", "average", "--corrupt", "noise:5", "--workdir", str(tmp_path)]) == 1
    assert "cost measures random images" in capsys.readouterr().err


def test_corrupted_and_clean_images_are_fused_scored_and_recorded_apart(
    tmp_path: Path, worker_path: None, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*WORDS, "--fuser", "average", "infrared", "--metrics", "qabf", "mse", "--no-report"]
    assert main([*command, "--corrupt", "shift:2,4", "--workdir", str(tmp_path)]) == 0
    records = by_condition(tmp_path, "average")
    assert set(records) == {"", "infrared.shift:2px", "infrared.shift:4px"}
    assert {(row.axis, row.severity) for row in records["infrared.shift:4px"].rows} == {("infrared.shift [px]", 4.0)}
    assert value(records[""], "qabf") > value(records["infrared.shift:2px"], "qabf")
    assert value(records["infrared.shift:2px"], "qabf") > value(records["infrared.shift:4px"], "qabf")
    [note] = [note for note in records["infrared.shift:4px"].notes if "corrupted" in note]
    assert note == "Sources of test corrupted before fusing: infrared.shift:4px. Labels are unchanged."
    assert len(list(tmp_path.glob("fused/*-average-*/manifest.json"))) == 3
    assert "under corruption, quality on synthetic/test" in capsys.readouterr().out


def test_fused_images_are_compared_with_the_clean_sources_unless_asked_otherwise(
    tmp_path: Path, worker_path: None
) -> None:
    command = [
        *WORDS,
        "--fuser",
        "infrared",
        "--metrics",
        "scd",
        "mse",
        "--no-report",
        "--corrupt",
        "infrared.noise:20",
    ]
    assert main([*command, "--workdir", str(tmp_path)]) == 0
    clean = by_condition(tmp_path, "infrared")["infrared.noise:20"]
    assert main([*command, "--reference", "corrupted", "--workdir", str(tmp_path)]) == 0
    other = [record for record in map(read_record, record_dirs(tmp_path)) if record.cell_id != clean.cell_id]
    corrupted = next(record for record in other if record.rows[0].condition)
    assert "Compared with the clean sources." in clean.notes
    assert "Compared with the corrupted sources." in corrupted.notes
    # The infrared source itself: only against itself is its half of the error rounding alone.
    assert value(corrupted, "mse") < value(clean, "mse")


def by_condition(work: Path, fuser: str) -> dict[str, Record]:
    records = map(read_record, record_dirs(work))
    return {record.rows[0].condition: record for record in records if record.rows[0].fuser == fuser}


def value(record: Record, metric: str) -> float:
    return next(row.value for row in record.rows if row.metric == metric)
