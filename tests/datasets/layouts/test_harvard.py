"""Harvard: modalities in their places, whole cases, and three pairs as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.layouts.harvard import Harvard, HarvardCTMRI, HarvardPETMRI
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    harvard_writer,
    ids,
    write_harvard,
    write_pairs,
)


def test_harvard_puts_the_functional_image_in_the_visible_place(tmp_path: Path) -> None:
    harvard_writer("PET")(tmp_path)
    dataset = HarvardPETMRI(tmp_path).load("test", "quality")
    assert dataset[0].visible.parent.name == "PET"
    assert dataset[0].infrared.parent.name == "MRI"
    assert "PET takes the visible's place" in dataset.facts["modalities"]
    assert ids(HarvardPETMRI(tmp_path / "PET-MRI"), "test") == [sample.id for sample in dataset]


def test_harvard_validation_takes_whole_cases(tmp_path: Path) -> None:
    names = [f"{case}{number:03d}" for case in (2, 16, 20) for number in range(6)]
    write_pairs(tmp_path / "train/CT", tmp_path / "train/MRI", names)
    cases = [{name[:-3] for name in ids(HarvardCTMRI(tmp_path), split)} for split in ("train", "val")]
    assert cases[0]
    assert cases[1]
    assert not cases[0] & cases[1]


def test_harvard_joins_its_modalities_without_mixing_up_equal_names(tmp_path: Path) -> None:
    write_harvard(tmp_path)
    dataset = Harvard(tmp_path).load("test", "quality")
    parts = [(sample.id, sample.visible.parent.name, sample.group) for sample in dataset]
    assert parts == [(f"{m}-{n}", m, n[:-3]) for m in ("CT", "PET", "SPECT") for n in ("16009", "2010")]


def test_harvard_puts_a_case_into_one_split_whichever_modality_shows_it(tmp_path: Path) -> None:
    for modality, cases in (("CT", (2, 16, 20)), ("PET", (16, 20, 25)), ("SPECT", (2, 25, 30))):
        folder = tmp_path / f"{modality}-MRI/train"
        write_pairs(folder / modality, folder / "MRI", [f"{case}{n:03d}" for case in cases for n in range(4)])
    layout = Harvard(tmp_path)
    train, val = ({sample.group for sample in layout.load(split, "quality")} for split in ("train", "val"))
    assert val
    assert train | val == {"2", "16", "20", "25", "30"}
    assert not train & val
    assert f"whole groups {', '.join(sorted(val))} of 5" in layout.load("val", "quality").facts["validation"]


def test_harvard_without_one_of_its_modalities_says_which(tmp_path: Path) -> None:
    harvard_writer("CT")(tmp_path)
    with pytest.raises(DatasetError, match=r"harvard: no folder PET-MRI in .*it holds: CT-MRI"):
        Harvard(tmp_path).load("test", "quality")


def test_harvard_reads_the_folder_names_of_diff_if(tmp_path: Path) -> None:
    write_pairs(tmp_path / "test/CT-PET-SPECT", tmp_path / "test/MRI", ["16003"])
    assert ids(HarvardCTMRI(tmp_path), "test") == ["16003"]
