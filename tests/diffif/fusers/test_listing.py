from __future__ import annotations

from pathlib import Path

import pytest

from diffif.fusers.listing import describe, list_fusers
from diffif.fusers.registry import FUSERS


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
