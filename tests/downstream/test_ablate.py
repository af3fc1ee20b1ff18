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


def test_the_goal_of_the_search_is_a_setting_and_a_variant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--dry-run", "--workdir", str(tmp_path), "--seeds", "0", "--tasks", "quality"]
    variants = ["--variants", "full", "weights:ssim=1,vif=0,qabf=0", "weights:scd=1"]
    assert ablate.main([*command, *variants, "--set", "search.ssim=0.5"]) == 0
    out = capsys.readouterr().out
    assert "prior/synthetic/weights:ssim=1,vif=0,qabf=0" in out
    assert "prior/synthetic/weights:scd=1" in out
    assert ablate.main([*command, "--set", "search.convetion=tang"]) == 1
    assert "Did you mean 'convention'?" in capsys.readouterr().err
    assert ablate.main([*command, "--set", "search.convention=tank"]) == 1
    assert "Did you mean 'tang'?" in capsys.readouterr().err
    assert ablate.main([*command, "--variants", "weights:sim=1"]) == 1
    assert "Did you mean 'ssim'?" in capsys.readouterr().err


def test_compare_plans_the_same_grid_over_fusers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--dry-run", "--workdir", str(tmp_path), "--fusers", "average", "max", "--tasks", "quality"]
    assert compare.main(command) == 0
    out = capsys.readouterr().out
    assert "average" in out
    assert "max" in out
    assert compare.main([*command[:3], "--fusers", "averag", "--tasks", "quality"]) == 1
    assert "Did you mean 'average'?" in capsys.readouterr().err
