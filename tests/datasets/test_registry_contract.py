"""Every entry of the dataset table keeps the contract, on a tiny copy in its own layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from datasets.registry import DATASETS, get_layout
from suite.errors import UnknownName
from tests.contracts.dataset_contract import DatasetContract
from tests.datasets.miniatures import MINIATURES


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One tiny copy of every entry, made once; an entry without a miniature fails here."""
    roots = {name: tmp_path_factory.mktemp(name) for name in DATASETS}
    for name, root in roots.items():
        MINIATURES[name](root)
    return roots


class TestEveryDataset(DatasetContract):
    @pytest.fixture(autouse=True, params=sorted(DATASETS))
    def _entry(self, request: pytest.FixtureRequest) -> None:
        self.name = request.param

    @pytest.fixture
    def root(self, drawn: dict[str, Path], tmp_path: Path) -> Path:
        return shutil.copytree(drawn[self.name], tmp_path / "root")


def test_an_unknown_dataset_gets_a_suggestion() -> None:
    with pytest.raises(
        UnknownName, match=r"unknown dataset 'llvp'\. Did you mean 'llvip'\? Known: .*fmb, .*--dataset folder"
    ):
        get_layout("llvp")
