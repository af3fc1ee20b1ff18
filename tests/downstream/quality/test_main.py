"""The quality command on a miniature laboratory and on random pairs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from datasets.images import read_image, read_pair, rgb_to_y, write_image
from diffif.fusers.controls.average import Average
from diffif.fusers.outside.imported import ImportedFolder
from downstream.quality import cells as quality_cells
from downstream.quality.__main__ import choose_metrics, limit_pairs, main
from downstream.quality.cells import QualityRun, run_cell
from suite.errors import SettingsError, UnknownName
from suite.records import iter_records, read_per_image, read_record
from tests.conftest import MakeLabelledPairs

TINY = ["--synthetic", "num_train=1", "num_val=1", "num_test=8", "height=64", "width=80"]
QUICK = ["--metrics", "en", "sd", "scd", "--resamples", "50", "--device", "cpu", "--no-report"]


def run_of(make_labelled_pairs: MakeLabelledPairs, work: Path, metrics: tuple[str, ...] = ("en", "sd")) -> QualityRun:
    return QualityRun(
        dataset=make_labelled_pairs(4, task="quality"),
        fusers={"average": Average()},
        metrics=metrics,
        convention="standard",
        workdir=work,
        device="cpu",
        command="python -m downstream.quality",
        resamples=20,
    )


def test_two_fusers_are_scored_compared_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fuser", "average", "--fuser", "visible", *TINY, *QUICK, "--workdir", str(tmp_path)]) == 0
    records = list(iter_records(tmp_path))
    assert {row.fuser for record in records for row in record.rows} == {"average", "visible"}
    for record in records:
        assert {row.metric for row in record.rows} == {"en", "sd", "scd", "ms", "parameters"}
        assert all(row.ci_low <= row.value <= row.ci_high for row in record.rows if row.metric in ("en", "sd"))
    table = pd.read_csv(tmp_path / "quality" / "synthetic-test-standard.csv")
    assert table.groupby("metric")["best"].sum().eq(1).all()
    assert "8 pairs, convention standard" in capsys.readouterr().out


def test_undefined_values_stay_nan_down_to_the_record(tmp_path: Path) -> None:
    assert main(["--fuser", "visible", *TINY, *QUICK, "--workdir", str(tmp_path)]) == 0
    (record,) = iter_records(tmp_path)
    scd = next(row for row in record.rows if row.metric == "scd")
    # The unfused visible image minus itself is constant: the correlation is 0/0.
    assert math.isnan(scd.value)
    assert scd.n == 0


def test_a_metric_that_images_are_too_small_for_is_undefined_named_and_counted_while_the_others_are_scored(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(make_labelled_pairs, tmp_path, metrics=("en", "ms_ssim"))
    record = read_record(run_cell(run, "average"))
    rows = {row.metric: row for row in record.rows}
    assert (rows["ms_ssim"].n, rows["en"].n) == (0, 4)
    assert math.isnan(rows["ms_ssim"].value)
    [note] = [note for note in record.notes if "ms_ssim" in note]
    first = run.dataset[0].id
    assert note.startswith(f"ms_ssim is undefined for 4 of 4 images, which are left out of its mean: {first}, ")
    assert note in capsys.readouterr().out


def test_a_metric_with_an_ideal_value_is_won_by_the_nearest_to_it(tmp_path: Path) -> None:
    arguments = ["--fuser", "average", "--fuser", "noise", *TINY, "--metrics", "qsf", "--device", "cpu", "--no-report"]
    assert main([*arguments, "--workdir", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "quality" / "synthetic-test-standard.csv").set_index("fuser")
    assert table.loc["noise", "mean"] > -table.loc["average", "mean"] > 0
    assert table.loc["average", "best"]
    assert all(row.higher_is_better is None for record in iter_records(tmp_path) for row in record.rows)


def test_the_recorded_mean_is_the_mean_of_the_metric_on_the_stored_images(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path
) -> None:
    from diffif.metrics import evaluate

    run = run_of(make_labelled_pairs, tmp_path)
    record = read_record(run_cell(run, "average"))
    assert record.path is not None
    values = []
    for sample in run.dataset:
        visible, infrared = read_pair(sample.visible, sample.infrared)
        (stored,) = tmp_path.glob(f"fused/tiny-test-average-*/images/{sample.id}.png")
        fused = rgb_to_y(read_image(stored, "rgb")).clamp(0, 1)
        values.append(float(evaluate(fused, rgb_to_y(visible).clamp(0, 1), infrared, metrics=("sd",))["sd"]))
    table = read_per_image(record.path)
    assert table[table["metric"] == "sd"]["value"].tolist() == pytest.approx(values)
    assert next(row.value for row in record.rows if row.metric == "sd") == pytest.approx(sum(values) / len(values))


def test_an_interruption_keeps_the_scored_images(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, scored = run_of(make_labelled_pairs, tmp_path), list[str]()
    true_score = quality_cells.score_sample

    def dying(sample, fused, run):  # type: ignore[no-untyped-def]
        scored.append(sample.id)
        if len(scored) == 3:
            raise KeyboardInterrupt
        return true_score(sample, fused, run)

    monkeypatch.setattr(quality_cells, "score_sample", dying)
    with pytest.raises(KeyboardInterrupt):
        run_cell(run, "average")
    (journal,) = tmp_path.glob("quality/*.partial.jsonl")
    journal.write_text(journal.read_text() + '["000002", {"en"')
    run_cell(run, "average")
    assert scored == ["000000", "000001", "000002", "000002", "000003"]
    assert not journal.exists()


def test_time_and_parameters_of_imported_images_are_unknown_not_measured(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "images"
    for sample in make_labelled_pairs(4, task="quality"):
        write_image(folder / f"{sample.id}.png", read_image(sample.visible, "rgb"))
    imported = ImportedFolder(path=str(folder), label="Imported")
    run = replace(run_of(make_labelled_pairs, tmp_path / "work"), fusers={"folder:images": imported})
    facts = {row.metric: row.value for row in read_record(run_cell(run, "folder:images")).rows}
    assert math.isnan(facts["ms"])
    assert math.isnan(facts["parameters"])
    source = ["--dataset", "folder", "--root", str(run.dataset.samples[0].visible.parent.parent)]
    assert main(["--fuser", f"folder:{folder}", *source, *QUICK, "--workdir", str(tmp_path / "main")]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "folder:" in line and "┃" not in line][-1:]
    assert [cell.strip() for cell in line.split("│")[-3:-1]] == ["-", "-"]


def test_metrics_default_to_those_that_the_convention_defines() -> None:
    assert set(choose_metrics(None, "standard")) >= {"en", "vif", "qabf", "ssim"}
    assert choose_metrics(["sd", "en", "sd"], "standard") == ("sd", "en")
    with pytest.raises(UnknownName, match="'qabf'"):
        choose_metrics(["qbaf"], "standard")
    with pytest.raises(UnknownName, match="convention"):
        choose_metrics(None, "standart")


def test_a_limit_spreads_evenly_and_is_stated(make_labelled_pairs: MakeLabelledPairs) -> None:
    dataset = make_labelled_pairs(9)
    chosen = limit_pairs(dataset, 3)
    assert [sample.id for sample in chosen] == ["000000", "000003", "000006"]
    assert "3 of 9" in chosen.facts["limit"]
    assert limit_pairs(dataset, 20) is dataset
    with pytest.raises(SettingsError, match="--limit"):
        limit_pairs(dataset, 0)


def test_bad_input_ends_with_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fuser", "average", "--metrics", "ssmi", "--workdir", str(tmp_path / "work")]) == 1
    assert "Did you mean 'ssim'" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()
