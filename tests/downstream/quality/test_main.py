"""The quality command on a miniature laboratory and on folders of pairs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from datasets.images import read_image, read_pair, rgb_to_y, write_image
from downstream.quality import scores as quality_scores
from downstream.quality.__main__ import main
from downstream.quality.task import choose_metrics
from suite.errors import UnknownName
from suite.records import Record, read_per_image, read_record, record_dirs
from tests.conftest import MakeLabelledPairs

TINY = ["--synthetic", "num_train=1", "num_val=1", "num_test=8", "height=64", "width=80"]
QUICK = ["--metrics", "en", "sd", "scd", "--device", "cpu", "--no-report"]


def records_of(work: Path) -> list[Record]:
    return list(map(read_record, record_dirs(work)))


def test_two_fusers_are_scored_compared_and_recorded(
    tmp_path: Path, worker_path: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--fuser", "average", "visible", *TINY, *QUICK, "--workdir", str(tmp_path)]) == 0
    records = records_of(tmp_path)
    assert {row.fuser for record in records for row in record.rows} == {"average", "visible"}
    for record in records:
        assert {row.metric for row in record.rows} == {"en", "sd", "scd", "ms", "parameters"}
        assert all(row.ci_low <= row.value <= row.ci_high for row in record.rows if row.metric in ("en", "sd"))
    shown = capsys.readouterr().out
    assert "image quality, synthetic/test, convention standard" in shown
    assert sum("*" in line for line in shown.splitlines() if "average" in line or "visible" in line) >= 1
    # The unfused visible image minus itself is constant: the correlation is 0/0.
    scd = next(row for record in records for row in record.rows if (row.fuser, row.metric) == ("visible", "scd"))
    assert math.isnan(scd.value)
    assert scd.n == 0


def test_a_metric_that_images_are_too_small_for_is_undefined_named_and_counted_while_the_others_are_scored(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, worker_path: None
) -> None:
    root = make_labelled_pairs(4, task="quality").root
    command = ["--fuser", "average", "--dataset", "folder", "--root", str(root), "--workdir", str(tmp_path / "work")]
    assert main([*command, "--metrics", "en", "ms_ssim", "--device", "cpu", "--no-report"]) == 0
    (record,) = records_of(tmp_path / "work")
    rows = {row.metric: row for row in record.rows}
    assert (rows["ms_ssim"].n, rows["en"].n) == (0, 4)
    assert math.isnan(rows["ms_ssim"].value)
    [note] = [note for note in record.notes if "ms_ssim" in note]
    assert note.startswith("ms_ssim is undefined for 4 of 4 images, which are left out of its mean: 000000, ")


def test_a_metric_with_an_ideal_value_is_won_by_the_nearest_to_it(
    tmp_path: Path, worker_path: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--fuser", "average", "noise", *TINY, "--metrics", "qsf", "--device", "cpu", "--no-report"]
    assert main([*arguments, "--workdir", str(tmp_path)]) == 0
    values = {record.rows[0].fuser: record.rows[0].value for record in records_of(tmp_path)}
    assert values["noise"] > -values["average"] > 0
    shown = capsys.readouterr().out
    assert "*" in next(line for line in shown.splitlines() if line.startswith("│ average"))
    assert all(row.higher_is_better is None for record in records_of(tmp_path) for row in record.rows)


def test_the_id_of_a_record_is_the_hash_of_its_settings(tmp_path: Path, worker_path: None) -> None:
    from suite.settings import fingerprint

    assert main(["--fuser", "average", *TINY, *QUICK, "--workdir", str(tmp_path)]) == 0
    (record,) = records_of(tmp_path)
    assert record.cell_id == f"quality-{fingerprint(record.settings)}"
    assert str(tmp_path) not in str(record.settings)


def test_one_more_metric_scores_nothing_again_and_the_mean_is_that_of_the_stored_images(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, worker_path: None
) -> None:
    from diffif.metrics import evaluate

    pairs = make_labelled_pairs(4, task="quality")
    command = ["--fuser", "average", "--dataset", "folder", "--root", str(pairs.root), "--workdir", str(tmp_path / "w")]
    quick = ["--device", "cpu", "--no-report"]
    assert main([*command, *quick, "--metrics", "en"]) == 0
    (store,) = tmp_path.glob("w/scores/*.jsonl")
    first = store.read_text()
    assert main([*command, *quick, "--metrics", "en", "sd"]) == 0
    added = store.read_text().removeprefix(first)
    assert added.count("sd") == 4
    assert "en" not in added
    record = next(record for record in records_of(tmp_path / "w") if len(record.rows) == 4)
    assert record.path is not None
    values = []
    for sample in pairs:
        visible, infrared = read_pair(sample.visible, sample.infrared)
        (stored,) = tmp_path.glob(f"w/fused/folder-test-average-*/images/{sample.id}.png")
        fused = rgb_to_y(read_image(stored, "rgb")).clamp(0, 1)
        values.append(float(evaluate(fused, rgb_to_y(visible).clamp(0, 1), infrared, metrics=("sd",))["sd"]))
    table = read_per_image(record.path)
    assert table[table["metric"] == "sd"]["value"].tolist() == pytest.approx(values)
    assert next(row.value for row in record.rows if row.metric == "sd") == pytest.approx(sum(values) / len(values))


def test_an_interruption_keeps_the_scored_images(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffif.fusers.controls.average import Average
    from diffif.fusers.fused_set import fuse_split

    pairs = make_labelled_pairs(4, task="quality")
    fused = fuse_split(pairs, Average(), tmp_path, progress=False)
    scored: list[str] = []
    true_score = quality_scores.score_sample

    def dying(sample, *rest):  # type: ignore[no-untyped-def]
        scored.append(sample.id)
        if len(scored) == 3:
            raise KeyboardInterrupt
        return true_score(sample, *rest)

    monkeypatch.setattr(quality_scores, "score_sample", dying)
    with pytest.raises(KeyboardInterrupt):
        quality_scores.score_images(pairs, fused, ("en", "sd"), "standard", tmp_path, progress=False)
    (store,) = tmp_path.glob("scores/*.jsonl")
    store.write_text(store.read_text() + '["000002", {"en"')
    values = quality_scores.score_images(pairs, fused, ("en", "sd"), "standard", tmp_path, progress=False)
    assert scored == ["000000", "000001", "000002", "000002", "000003"]
    assert sorted(values) == [sample.id for sample in pairs]
    assert quality_scores.read_scores(store) == values


def test_time_and_parameters_of_imported_images_are_unknown_not_measured(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, worker_path: None, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = make_labelled_pairs(4, task="quality")
    folder = tmp_path / "images"
    for sample in pairs:
        write_image(folder / f"{sample.id}.png", read_image(sample.visible, "rgb"))
    source = ["--dataset", "folder", "--root", str(pairs.root)]
    assert main(["--fuser", f"folder:{folder}", *source, *QUICK, "--workdir", str(tmp_path / "work")]) == 0
    (record,) = records_of(tmp_path / "work")
    facts = {row.metric: row.value for row in record.rows}
    assert math.isnan(facts["ms"])
    assert math.isnan(facts["parameters"])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "folder:" in line and "┃" not in line][-1:]
    assert [cell.strip() for cell in line.split("│")[-3:-1]] == ["-", "-"]


def test_imported_images_that_do_not_fit_are_found_before_any_work(
    make_labelled_pairs: MakeLabelledPairs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = make_labelled_pairs(6, task="quality")
    command = ["--fuser", "laplacian", "--dataset", "folder", "--root", str(pairs.root), *QUICK]
    work = tmp_path / "work"
    for sample in pairs:
        write_image(tmp_path / "named" / f"{sample.id}_fused.png", read_image(sample.visible, "rgb"))
        write_image(tmp_path / "small" / f"{sample.id}.png", read_image(sample.visible, "rgb")[..., :-2])
    assert main([*command, "--fuser", f"folder:{tmp_path / 'named'}", "--workdir", str(work)]) == 1
    message = capsys.readouterr().err
    assert "no image for 6 of the pairs" in message
    assert "'_fused'" in message
    assert main([*command, "--fuser", f"folder:{tmp_path / 'small'}", "--workdir", str(work), "--dry-run"]) == 1
    assert "6 images of" in capsys.readouterr().err
    assert not list(work.glob("cells/*"))


def test_metrics_default_to_those_that_the_convention_defines() -> None:
    assert set(choose_metrics((), "standard")) >= {"en", "vif", "qabf", "ssim"}
    assert choose_metrics(("sd", "en", "sd"), "standard") == ("sd", "en")
    with pytest.raises(UnknownName, match="'qabf'"):
        choose_metrics(("qbaf",), "standard")
    with pytest.raises(UnknownName, match="convention"):
        choose_metrics((), "standart")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metrics", "ssmi"], "Did you mean 'ssim'"),
        (["--limit", "0"], "--limit"),
        (["--fuse-batch", "0"], "--fuse-batch"),
        (["--max-memory", "0"], "--max-memory"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_bad_input_ends_with_status_1(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--fuser", "average", *arguments, "--workdir", str(tmp_path / "work")]) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("work/*"))


def test_rows_carry_the_range_that_the_metric_states_under_the_convention(tmp_path: Path, worker_path: None) -> None:
    command = ["--fuser", "average", *TINY, "--metrics", "en", "sf", "ssim", "--device", "cpu", "--no-report"]
    assert main([*command, "--convention", "tang", "--workdir", str(tmp_path)]) == 0
    rows = {row.metric: row for record in records_of(tmp_path) for row in record.rows}
    assert (rows["en"].lowest, rows["en"].highest) == (0, 8)
    assert (rows["sf"].lowest, rows["sf"].highest) == (0, None)
    assert (rows["ssim"].lowest, rows["ssim"].highest) == (-1, 1)
    assert not any(row.is_impossible for row in rows.values())
