"""The ablation runner: its variants, its parts, and what happens when one fails or is already done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import SettingsError, UnknownName
from downstream.ablate import Part, main, run_parts
from downstream.ablation_variants import parse_variant
from downstream.results import iter_records, rows_table

POOL = ("average", "max")
TINY = [
    "--synthetic", "num_train=6", "num_val=3", "num_test=3", "height=96", "width=96",
    "--set", "iterations=2", "--set", "data.batch_size=1", "--set", "validation.num_pairs=1",
    "--pool", *POOL, "--detect-epochs", "1", "--imgsz", "64", "--seeds", "0",
]  # fmt: skip


def test_every_form_of_variant_changes_what_it_names() -> None:
    assert parse_variant("full", POOL).label == "diffif"
    assert parse_variant("no-prior", POOL).prior == "none"
    assert parse_variant("no-search", POOL).prior == "random"
    assert parse_variant("no-refiner", POOL).recipe == {"model.refiner": None}
    assert parse_variant("without=max", POOL).pool == ("average",)
    assert parse_variant("search=1/0/0.5", POOL).search_weights == (1.0, 0.0, 0.5)
    steps = parse_variant("steps=8", POOL)
    assert (steps.num_steps, steps.training_name, steps.label) == (8, "full", "diffif@steps=8")


@pytest.mark.parametrize("text", ["no-serch", "without=gff"])
def test_an_unknown_variant_or_candidate_lists_the_known_ones(text: str) -> None:
    with pytest.raises(UnknownName, match="Known: "):
        parse_variant(text, POOL)


@pytest.mark.parametrize("text", ["steps=0", "steps=x", "search=1/2"])
def test_a_value_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="needs"):
        parse_variant(text, POOL)


def test_a_failing_part_leaves_its_log_and_the_others_run(tmp_path: Path) -> None:
    done: list[str] = []

    def fail() -> None:
        raise SettingsError("the reason")

    parts = [Part("train/full/seed0", fail), Part("detect/full/seed0", lambda: done.append("detect"))]
    assert run_parts(parts, tmp_path) == ["train/full/seed0"]
    assert done == ["detect"]
    assert "the reason" in (tmp_path / "logs" / "train_full_seed0.txt").read_text()


def test_a_dry_run_lists_the_parts_and_computes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*TINY, "--workdir", str(tmp_path), "--dry-run", "--only", "*/no-prior/*"]) == 0
    lines = capsys.readouterr().out.strip().splitlines()[-4:]
    assert [line.split() for line in lines] == [
        ["open", f"{part}/no-prior/seed0"] for part in ("train", "quality", "detect", "segment")
    ]
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_the_grid_ends_in_one_report_and_two_runners_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "downstream.ablate", *TINY, "--tasks", "quality", "detect"]
    command += ["--variants", "full", "no-prior", "no-search", "steps=1", "--workdir", str(tmp_path)]
    runners = [subprocess.Popen(command) for _ in range(2)]
    assert [runner.wait(timeout=900) for runner in runners] == [0, 0]
    rows = rows_table(list(iter_records(tmp_path)))
    labels = {"diffif", "diffif@no-prior", "diffif@no-search", "diffif@steps=1"}
    assert set(rows[rows.metric == "map50"].fuser) == labels
    assert rows[rows.metric == "vif"].groupby("fuser").size().to_dict() == dict.fromkeys(labels, 1)
    assert rows[rows.metric == "vif"].value.nunique() == 4
    page = (tmp_path / "report" / "index.html").read_text()
    assert "no-prior" in page
    losses = pd.read_csv(next((tmp_path / "ablation").glob("full-*")) / "losses.csv")
    assert losses.step.tolist() == [1, 2]
