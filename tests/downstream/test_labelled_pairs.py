"""The study of labelled pairs: what it trains on is never what it tests on, nor a neighbouring frame of it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from benchmarks.labelled_pairs import NIGHT, STRETCHES, make_flir_road, make_llvip, split_of
from datasets.registry import load_dataset
from suite.errors import DatasetError
from tests.datasets.miniatures import voc, write_label, write_pairs

FRAMES = {
    "flir_mini/train": [2, 65, 84],
    "flir_mini/test": [8863, 8865],
    "roadscene_flir": [65, 306, 1130, 5230, 5697, 8865, 9350, 9652],
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for folder, frames in FRAMES.items():
        names = [f"FLIR_{frame:05d}" for frame in frames]
        write_pairs(tmp_path / folder / "vi", tmp_path / folder / "ir", names, ".jpg")
        for name in names:
            write_label(tmp_path / folder / "labels" / f"{name}.txt", "1 0.5 0.5 0.25 0.5\n2 0.5 0.5 0.5 0.5\n")
    return tmp_path


def test_stretches_of_different_splits_never_meet() -> None:
    ends = sorted((first, last, split) for split, parts in STRETCHES.items() for first, last in parts)
    for (_, last, mine), (first, _, other) in itertools.pairwise(ends):
        assert last < first
        assert mine == other or first - last > 10


def test_frames_of_both_sets_are_kept_once_and_splits_share_none(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "pairs"
    make_flir_road(data, out)
    loaded = {split: load_dataset("folder", out, split, "detect") for split in ("train", "val", "test")}
    ids = [sample.id for split in loaded.values() for sample in split]
    assert len(ids) == len(set(ids)) == len({frame for frames in FRAMES.values() for frame in frames})
    assert all(split_of(int(sample.id[-5:])) == name for name, split in loaded.items() for sample in split)
    assert loaded["test"].classes == ("person", "car")
    assert {sample.target.labels for split in loaded.values() for sample in split} == {(1,)}
    subsets = {sample.id: sample.subsets for split in loaded.values() for sample in split}
    assert subsets["FLIR_00065"] == ("day",)
    assert subsets["FLIR_08865"] == ("night",)


def test_the_whole_set_is_all_test_and_knows_its_sources(data: Path, tmp_path: Path) -> None:
    make_flir_road(data, tmp_path / "all", whole=True)
    loaded = load_dataset("folder", tmp_path / "all", "test", "detect")
    assert len(loaded) == 11
    assert loaded.facts["subsets"] == "day 6, flir-crossing 2, flir-drive 3, night 5, roadscene 6 of 11 pairs"


def test_a_frame_of_no_stretch_is_an_error() -> None:
    assert 300 not in NIGHT
    with pytest.raises(DatasetError, match="frame 300 lies in no stretch"):
        split_of(300)


def test_both_splits_of_llvip_become_one_test_set(tmp_path: Path) -> None:
    source = tmp_path / "llvip_mini"
    for split, name in (("train", "010001"), ("test", "190001")):
        write_pairs(source / "visible" / split, source / "infrared" / split, [name], ".jpg")
        write_label(source / "Annotations" / f"{name}.xml", voc(("person", 2, 3, 12, 20)))
    make_llvip(tmp_path, tmp_path / "out")
    loaded = load_dataset("folder", tmp_path / "out", "test", "detect")
    assert [sample.id for sample in loaded] == ["010001", "190001"]
    assert loaded.classes == ("person",)
