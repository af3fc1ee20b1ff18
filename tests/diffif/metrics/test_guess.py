from __future__ import annotations

from pathlib import Path

import pytest

from diffif.metrics.guess import guess_convention, impossible_cells, read_table
from suite.errors import ResultError


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ({"sd": 9.6, "sf": 0.05}, "tang-uint8"),
        ({"sd": 44.2, "sf": 12.0, "ssim": 0.96, "psnr": 16.0}, "cddfuse"),
        ({"sd": 44.2, "sf": 12.0, "ssim": 1.30}, "standard"),
        ({"sd": 44.2, "ssim": 0.48}, "tang"),
        ({"sd": 44.2, "ssim": 1.34, "psnr": 58.0, "rmse": 0.09}, "vifb"),
        ({"sd": 44.2, "ssim": 0.96, "psnr": 62.0}, "ivif-zoo"),
        ({"qncie": 0.81, "qabf": 0.5, "qy": 0.8}, "liu2012"),
    ],
)
def test_the_ranges_of_a_table_point_to_its_convention(means: dict[str, float], expected: str) -> None:
    best = guess_convention(means)[0]
    assert best.convention == expected
    assert not best.contradicting


def test_a_table_that_tells_nothing_gets_no_points() -> None:
    assert {guess.score for guess in guess_convention({"en": 7.0, "scd": 1.6})} == {0}


def test_headings_are_recognised_however_they_are_written(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("Method,SD,Q_abf,MS-SSIM,note\nA,40,0.5,0.9,x\nB,50,-,1.1,y\n", encoding="utf-8")
    assert read_table(table).means == {"sd": 45.0, "qabf": 0.5, "ms_ssim": 1.0}


def test_a_table_without_a_metric_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ResultError, match=r"no column names a metric.*Headings: a, b"):
        read_table(table)
    with pytest.raises(ResultError, match="no table at"):
        read_table(tmp_path / "absent.csv")


def test_values_that_no_definition_can_give_are_named_with_their_row(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "Method,EN,SSIM,Qabf,SCD,SD,CC\nA,7.1,1.3,0.6,1.8,44,0.6\nB,7.2,2.1,1.2,2.3,130,1.1\n", encoding="utf-8"
    )
    lines = read_table(table).impossible()
    assert [line.split(" = ")[0] for line in lines] == ["B: SSIM", "B: Qabf", "B: SCD", "B: SD", "B: CC"]
    assert lines[1] == "B: Qabf = 1.2, but it lies between 0 and 1 whatever the convention"


def test_limits_are_those_of_the_convention_where_it_has_its_own() -> None:
    from diffif.metrics import get_convention, get_metric

    ssim = get_metric("ssim")
    assert ssim.range_under(get_convention("standard")) == (-2, 2)
    assert ssim.range_under(get_convention("tang")) == (-1, 1)
    assert get_metric("sd").range_under(get_convention("tang-uint8"))[1] < 16
    lines = impossible_cells(ssim, [("A", 1.2), ("B", 0.9)], ssim.range_under(get_convention("tang")), "under tang")
    assert lines == ["A: SSIM = 1.2, but it lies between -1 and 1 under tang"]


@pytest.mark.parametrize("columns", ["EN\nA,8.4", "PSNR,SSIM\nA,71.2,1.4"])
def test_scores_that_a_network_estimated_are_recognised(tmp_path: Path, columns: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(f"Method,{columns}\n", encoding="utf-8")
    assert "EvaNet" in read_table(table).impossible()[-1]
