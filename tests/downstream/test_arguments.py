"""The shared command-line pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonargparse import ArgumentParser

from downstream.arguments import (
    DataChoice,
    add_data_arguments,
    add_fuser_arguments,
    add_run_arguments,
    build_fusers,
    data_choice,
    fuser_specs,
    load_splits,
    make_synthetic,
)
from suite.errors import SettingsError, UnknownName


def parse(*arguments: str) -> Any:
    parser = ArgumentParser()
    for add in (add_data_arguments, add_fuser_arguments, add_run_arguments):
        add(parser)
    return parser.parse_args(list(arguments))


def test_fusers_keep_their_order_and_lose_their_doubles() -> None:
    assert fuser_specs(parse("--fuser", "max", "--fuser", "average", "--fuser", "max")) == ("max", "average")
    assert fuser_specs(parse()) == ("diffif",)


def test_an_unknown_fuser_and_dataset_suggest_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="'average'"):
        build_fusers(["avrage"], "cpu")
    with pytest.raises(UnknownName, match="'average'"):
        fuser_specs(parse("--fuser", "avrage@steps=2"))
    with pytest.raises(UnknownName, match="'llvip'"):
        data_choice(parse("--dataset", "lvip", "--root", str(tmp_path)))


def test_contradicting_data_arguments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--dataset NAME"):
        data_choice(parse("--root", str(tmp_path)))
    with pytest.raises(SettingsError, match="--synthetic"):
        data_choice(parse("--dataset", "llvip", "--synthetic", "seed=1"))
    with pytest.raises(SettingsError, match="--root DIR"):
        load_splits(DataChoice(name="llvip"), "detect", tmp_path, splits=["test"])


def test_the_laboratory_takes_settings_and_suggests_for_typos(tmp_path: Path) -> None:
    small = [("num_train", "1"), ("num_val", "1"), ("num_test", "2"), ("height", "64"), ("width", "80")]
    first = make_synthetic(small, tmp_path)
    assert first.parent == tmp_path / "data"
    assert make_synthetic(small, tmp_path) == first
    splits = load_splits(DataChoice(synthetic=tuple(small)), "detect", tmp_path, splits=["train", "test"])
    assert [len(dataset) for dataset in splits.values()] == [1, 2]
    with pytest.raises(UnknownName, match="num_train"):
        make_synthetic([("num_trian", "1")], tmp_path)
