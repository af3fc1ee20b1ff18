from __future__ import annotations

import csv
from pathlib import Path

import pytest

from datasets.images import write_image
from diffif.metrics import DEFAULT_METRICS, get_metric, metrics_of
from diffif.metrics.__main__ import main
from tests.contracts.metric_contract import make_triple


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    for seed in range(3):
        fused, visible, infrared = make_triple(48, 56, seed=seed)
        for part, image in (("vi", visible), ("ir", infrared), ("fused", fused)):
            (tmp_path / part).mkdir(exist_ok=True)
            write_image(tmp_path / part / f"{seed}.png", image[0])
    return [str(tmp_path / part) for part in ("fused", "vi", "ir")]


def test_three_folders_give_a_row_per_image_their_mean_and_a_table(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*folders, "--csv", str(tmp_path / "out.csv")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "convention: standard"
    assert [line.split()[0] for line in printed[1:]] == ["image", "0", "1", "2", "mean"]
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["image", "convention", *DEFAULT_METRICS]
    assert {row["convention"] for row in rows} == {"standard"}
    mean = sum(float(row["en"]) for row in rows) / 3
    assert f"{mean:.4f}" in printed[-1]


def test_three_files_under_another_convention_with_chosen_metrics(
    folders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [f"{folder}/1.png" for folder in folders]
    assert main([*files, "--convention", "vifb", "--metrics", "qcb,rmse"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["image", "Qcb", "RMSE"]


def test_a_fused_image_without_its_source_is_named_and_nothing_is_shifted(
    folders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(folders[2]) / "1.png").unlink()
    assert main(folders) == 1
    assert "1: no infrared image" in capsys.readouterr().err


def test_mistakes_in_the_arguments_end_with_an_explanation(
    folders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 1
    assert "FUSED VISIBLE INFRARED" in capsys.readouterr().err
    assert main([folders[0], folders[1], f"{folders[2]}/0.png"]) == 1
    assert "three files or three folders" in capsys.readouterr().err
    assert main([*folders, "--metrics", "iou"]) == 1
    assert "unknown metric 'iou'" in capsys.readouterr().err
    assert main([*folders[:2], "absent"]) == 1
    assert "there is no absent" in capsys.readouterr().err


def test_guess_prints_the_likely_convention_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.csv"
    table.write_text("Method,SD,SF\nA,9.5,0.05\n", encoding="utf-8")
    assert main(["--guess", str(table)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("probably: tang-uint8\n")
    assert "impossible" not in printed
    assert "+ sd = 9.5: 8-bit arithmetic cuts SD below 16" in printed


def test_guess_begins_with_what_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.csv"
    table.write_text("Method,Qabf,SD\nOurs,1.07,41\n", encoding="utf-8")
    assert main(["--guess", str(table)]) == 0
    assert capsys.readouterr().out.startswith("impossible: Ours: Qabf = 1.07, but it lies between 0 and 1")


def test_all_is_everything_that_the_convention_defines(folders: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"{folder}/1.png" for folder in folders]
    assert main([*files, "--convention", "vifb", "--metrics", "all"]) == 0
    labels = [get_metric(name).label for name in metrics_of("vifb")]
    assert capsys.readouterr().out.splitlines()[1].split() == ["image", *labels]


def test_an_infinite_score_swallows_no_mean() -> None:
    from diffif.metrics.files import ImageScores, mean_scores

    rows = [ImageScores(str(n), "standard", {"psnr": value}) for n, value in enumerate((20.0, float("inf"), 30.0))]
    assert mean_scores(rows) == {"psnr": 25.0}


def test_a_name_that_is_a_formula_stays_text_in_a_spreadsheet() -> None:
    from diffif.metrics.files import ImageScores
    from diffif.metrics.score_tables import as_csv

    assert as_csv([ImageScores("=cmd|'/C calc'!A0", "standard", {"en": 1.0})]).splitlines()[1].startswith("'=cmd")


def test_the_means_as_a_latex_table(folders: list[str], tmp_path: Path) -> None:
    table = tmp_path / "table.tex"
    (tmp_path / "fused").rename(tmp_path / "my_method")
    paths = [str(tmp_path / "my_method"), *folders[1:]]
    assert main([*paths, "--metrics", "en,mse", "--convention", "cddfuse", "--latex", str(table)]) == 0
    text = table.read_text(encoding="utf-8")
    assert r"method & EN $\uparrow$ & MSE $\downarrow$ \\" in text
    assert r"my\_method & 7." in text
    assert "Means over 3 images, convention cddfuse." in text


def test_a_score_that_is_nowhere_defined_is_a_dash_in_latex_and_counted() -> None:
    from diffif.metrics.files import ImageScores
    from diffif.metrics.score_tables import as_latex

    rows = [ImageScores(str(n), "standard", {"scd": float("nan"), "cc": -0.5}) for n in range(2)]
    text = as_latex(rows, [get_metric("scd"), get_metric("cc")], method="x")
    assert "x & -- & $-$0.500" in text
    assert "Finite for fewer: SCD 0." in text
