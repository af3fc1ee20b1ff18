"""A folder of submissions that differ in skill, speed and year."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reports.submissions.writing import write_submission
from tests.reports.submissions.conftest import ABOUT, Maker

SKILL = {"visible": -0.1, "average": 0.0, "laplacian": 0.1, "gff": 0.2}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    maker = Maker(tmp_path / "work")
    for fuser, skill in SKILL.items():
        maker.everything(fuser, skill)
    for place, fuser in enumerate(SKILL):
        about = replace(ABOUT, method=fuser, fuser=fuser, year=1980 + 10 * place if place else None)
        write_submission(maker.workdir, about, tmp_path / "results" / fuser)
    return tmp_path / "results"
