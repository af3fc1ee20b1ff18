"""A training is begun once, resumed until it is finished, and used afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.trainings import CURVE, read_curve, train_once, write_curve


def _train(folder: Path) -> Path:
    write_curve(folder, [{"epoch": 1, "loss": 2.5, "map50": 0.25}, {"epoch": 2, "loss": 1.0, "map50": 0.5}])
    (folder / "best.bin").write_text("weights")
    return folder / "best.bin"


def test_a_finished_training_is_used_and_its_curve_is_read(tmp_path: Path) -> None:
    first = train_once("detect", {"seed": 0}, tmp_path, _train)

    def never(folder: Path) -> Path:
        raise AssertionError(folder)

    second = train_once("detect", {"seed": 0}, tmp_path, never)
    assert first == second
    assert second.weights.read_text() == "weights"
    assert read_curve(second.curve)[1] == {"epoch": 2.0, "loss": 1.0, "map50": 0.5}
    assert second.curve.name == CURVE


def test_another_identity_is_another_training(tmp_path: Path) -> None:
    folders = {train_once("detect", {"seed": seed}, tmp_path, _train).weights.parent for seed in (0, 1)}
    assert len(folders) == 2


def test_a_killed_training_is_called_again_in_the_same_folder(tmp_path: Path) -> None:
    seen = []

    def dying(folder: Path) -> Path:
        seen.append(folder)
        _train(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_once("detect", {"seed": 0}, tmp_path, dying)
    finished = train_once("detect", {"seed": 0}, tmp_path, _train)
    assert finished.weights.parent == seen[0]


def test_a_finished_training_whose_weights_were_deleted_is_trained_again(tmp_path: Path) -> None:
    train_once("detect", {"seed": 0}, tmp_path, _train).weights.unlink()
    assert train_once("detect", {"seed": 0}, tmp_path, _train).weights.is_file()
