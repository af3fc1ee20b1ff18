"""The grid commands: a dry run plans without computing, and a wrong name is refused before anything is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream import ablate, compare


def test_a_dry_run_plans_every_cell_and_computes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ablate.main(["--dry-run", "--workdir", str(tmp_path), "--seeds", "0"]) == 0
    out = capsys.readouterr().out
    for cell in ("train/synthetic/full/seed0", "detect/synthetic/no-prior/seed0", "segment/synthetic/no-search/seed0"):
        assert cell in out
    assert "27 waiting" in out
    assert not (tmp_path / "results").exists()


def test_only_chooses_cells_and_what_they_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--dry-run", "--workdir", str(tmp_path), "--seeds", "0", "--only", "quality/*/no-prior/*"]
    assert ablate.main(command) == 0
    out = capsys.readouterr().out
    assert "train/synthetic/no-prior/seed0" in out
    assert "detect/" not in out
    assert "no-search" not in out


def test_an_unknown_variant_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ablate.main(["--dry-run", "--workdir", str(tmp_path), "--variants", "no-serch"]) == 1
    assert "no-search" in capsys.readouterr().err


def test_compare_plans_the_same_grid_over_fusers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--dry-run", "--workdir", str(tmp_path), "--fusers", "average", "max", "--tasks", "quality"]
    assert compare.main(command) == 0
    out = capsys.readouterr().out
    assert "average" in out
    assert "max" in out
    assert compare.main([*command[:3], "--fusers", "averag", "--tasks", "quality"]) == 1
    assert "Did you mean 'average'?" in capsys.readouterr().err
