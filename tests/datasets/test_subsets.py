"""Parts of a dataset that are scored on their own: lists beside the splits, checked, kept by `prepare`."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.checks import check_dataset
from datasets.layouts.folder import Folder
from datasets.prepare import prepare_dataset
from datasets.registry import load_dataset
from datasets.subsets import read_subsets, write_subset
from suite.errors import DatasetError
from tests.datasets.miniatures import write_pairs

IDS = ["a", "b", "c"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_pairs(tmp_path / "visible", tmp_path / "infrared", IDS)
    return tmp_path


def test_a_pair_knows_the_subsets_that_list_it(root: Path) -> None:
    write_subset(root, "night", ["a", "b.png"])
    write_subset(root, "rain", ["b"])
    loaded = load_dataset("folder", root, "test", "quality")
    assert [sample.subsets for sample in loaded] == [("night",), ("night", "rain"), ()]
    assert loaded.facts["subsets"] == "night 2, rain 1 of 3 pairs"


def test_subsets_change_what_is_scored_but_not_what_a_fuser_sees(root: Path) -> None:
    plain = load_dataset("folder", root, "test", "quality")
    write_subset(root, "night", ["a"])
    split = load_dataset("folder", root, "test", "quality")
    assert plain.fingerprint != split.fingerprint
    assert plain.pairs_fingerprint == split.pairs_fingerprint


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("night", "", "lists no pair"),
        ("by night", "a\n", "letters, digits"),
        ("night", "00001\n", "none of the 3 pairs is in subsets"),
    ],
)
def test_a_list_that_cannot_be_meant_is_named(root: Path, name: str, text: str, said: str) -> None:
    (root / "subsets").mkdir()
    (root / "subsets" / f"{name}.txt").write_text(text)
    with pytest.raises(DatasetError, match=said):
        load_dataset("folder", root, "test", "quality")


def test_a_prepared_copy_keeps_the_lists(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    write_subset(root, "night", ["a"])
    layout = Folder(root)
    out = tmp_path_factory.mktemp("copy")
    prepare_dataset(layout, [check_dataset(layout, "quality")], out)
    assert read_subsets(out) == {"night": frozenset({"a"})}
