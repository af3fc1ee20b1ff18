from __future__ import annotations

from pathlib import Path

import pytest

from diffif.__main__ import main
from diffif.fusers.listing import describe, list_fusers, short_citation
from diffif.fusers.registry import FUSERS, get_fuser


def test_every_fuser_has_a_row_and_missing_weights_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIFFIF_WEIGHTS", raising=False)
    rows = {row.name: row for row in list_fusers()}
    assert list(rows) == list(FUSERS)
    assert rows["average"].weights == "none"
    assert rows["seafusion"].weights.startswith("missing: SeAFusion.pth of the SeAFusion project")
    assert rows["tardal"].num_parameters == 296577
    assert rows["ddfm"].num_parameters is None


def test_weights_that_are_here_are_found(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(shared / "weights"))
    assert [describe(name).weights for name in ("tardal++", "csr", "medcnn")] == ["found"] * 3


@pytest.mark.parametrize(
    ("paper", "short"),
    [
        ("Li, Kang and Hu, Image fusion with guided filtering, IEEE TIP 22(7), 2013", "Li et al., TIP 2013"),
        ("Li and Wu, DenseFuse: a fusion approach, IEEE TIP 28(5), 2019", "Li & Wu, TIP 2019"),
        ("Toet, Image fusion by a ratio and more, Pattern Recognition Letters 9(4), 1989", "Toet, PRL 1989"),
        ("Zhao et al., DDFM: multi-modality image fusion, ICCV 2023", "Zhao et al., ICCV 2023"),
        ("Li and Wu, Latent low-rank representation, arXiv 1804.08992, 2018", "Li & Wu, arXiv 2018"),
        ("", ""),
    ],
)
def test_short_citation_names_authors_venue_and_year(paper: str, short: str) -> None:
    assert short_citation(paper) == short


@pytest.mark.parametrize("name", [name for name in FUSERS if get_fuser(name).paper])
def test_every_paper_can_be_shortened_and_has_a_year(name: str) -> None:
    assert len(short_citation(get_fuser(name).paper)) < 40
    year = describe(name).year
    assert year is not None
    assert 1980 < year < 2030


def test_settings_are_listed_with_their_default_and_what_else_they_take() -> None:
    assert describe("mmdrfuse").settings == ("weights (str)", "output=stretch (stretch, clip)")
    assert "steps=80 (int)" in describe("goal-ascent").settings
    assert describe("average").settings == ()


def test_a_control_has_no_year() -> None:
    assert describe("average").year is None


def test_table_has_one_line_of_at_most_80_columns_per_fuser(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIFFIF_WEIGHTS", raising=False)
    assert main(["list"]) == 0
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line.split()[0] for line in lines[1 : 1 + len(FUSERS)]] == list(FUSERS)
    assert max(map(len, lines)) <= 80
    found = next(line for line in lines if line.startswith("seafusion"))
    assert found.split() == ["seafusion", "deep", "166,657", "needed", "Tang", "et", "al.,", "Inf.", "Fusion", "2022"]


def test_one_fuser_is_described_in_full(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIFFIF_WEIGHTS", raising=False)
    assert main(["list", "seafusion"]) == 0
    out = capsys.readouterr().out
    for part in (get_fuser("seafusion").paper, "166,657", "SeAFusion.pth of the SeAFusion project", "deep", "no, "):
        assert part in out
    assert main(["list", "seafusio"]) == 1
    assert "Did you mean 'seafusion'" in capsys.readouterr().err
