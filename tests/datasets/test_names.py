"""Names that differ by a mark, sequences in sub-folders, modalities in one folder, and what is not taken by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datasets.layouts.folder import Folder
from datasets.marks import find_marks
from datasets.names import match_pairs
from datasets.reading import PairOptions
from datasets.registry import load_dataset
from datasets.splits import write_list
from suite.errors import DatasetError
from tests.datasets.miniatures import make_image, write_image, write_pairs

NUMBERS = range(3)


@pytest.mark.parametrize(
    ("visible", "infrared", "options"),
    [
        ("{}D_rgb", "{}D_th", "--visible '*_rgb' --infrared '*_th'"),
        ("{}_vis", "{}_ir", "--visible '*_vis' --infrared '*_ir'"),
        ("FLIR_{}_RGB", "FLIR_{}_PreviewData", "--visible '*_RGB' --infrared '*_PreviewData'"),
        ("VIS{}", "IR{}", "--visible 'VIS*' --infrared 'IR*'"),
        ("FLIR_RGB_{}", "FLIR_PreviewData_{}", "--visible 'FLIR_RGB_*' --infrared 'FLIR_PreviewData_*'"),
        ("{}-visible", "{}-thermal", "--visible '*-visible' --infrared '*-thermal'"),
        ("{}", "{}_ir", "--visible '*' --infrared '*_ir'"),
    ],
)
def test_the_fields_own_marks_are_recognised_in_two_folders(visible: str, infrared: str, options: str) -> None:
    names = [[pattern.format(n) for n in range(1, 13)] for pattern in (visible, infrared)]
    marks = find_marks(*names, same_folder=False)
    assert marks is not None
    assert marks.known
    assert marks.options == options


def test_both_modalities_in_one_folder_are_told_apart_whatever_the_order() -> None:
    names = sorted(f"{n:04d}_{mark}" for n in NUMBERS for mark in ("ir", "vis"))
    marks = find_marks(names, names, same_folder=True)
    assert marks is not None
    assert marks.known
    assert marks.options == "--visible '*_vis' --infrared '*_ir'"


@pytest.mark.parametrize(
    ("visible", "infrared"),
    [(["001", "002"], ["003", "004"]), (["a"], ["b"]), (["img_a"], ["img_b"]), (["a1", "b1"], ["a2", "b2"])],
)
def test_other_frames_are_no_marks(visible: list[str], infrared: list[str]) -> None:
    assert find_marks(visible, infrared, same_folder=False) is None


def test_a_constant_mark_that_is_no_word_of_the_field_is_guessed_but_not_taken() -> None:
    marks = find_marks(["1-A", "2-A"], ["1-B", "2-B"], same_folder=False)
    assert marks is not None
    assert not marks.known
    assert marks.options == "--visible '*-A' --infrared '*-B'"


def test_a_missing_partner_does_not_hide_the_mark(tmp_path: Path) -> None:
    for number in range(4):
        write_image(tmp_path / "a" / f"{number}_rgb.png", make_image("x", 3))
        if number:
            write_image(tmp_path / "b" / f"{number}_th.png", make_image("x", 1))
    found = match_pairs(tmp_path / "a", tmp_path / "b", recognise=True)
    assert [pair.id for pair in found.pairs] == ["1", "2", "3"]
    assert [problem.id for problem in found.problems] == ["0"]


def test_patterns_overrule_everything(tmp_path: Path) -> None:
    for number in NUMBERS:
        write_image(tmp_path / f"s{number}_left_x.png", make_image("x", 3))
        write_image(tmp_path / f"s{number}_right_x.png", make_image("x", 1))
    found = match_pairs(tmp_path, tmp_path, patterns=("*_left_x", "*_right_x"))
    assert [pair.id for pair in found.pairs] == ["s0", "s1", "s2"]
    assert found.pairs[0].infrared.name == "s0_right_x.png"


def test_sequences_in_sub_folders_are_pairs_with_their_sequence_as_group(tmp_path: Path) -> None:
    for place in ("set00/V000", "set00/V001"):
        write_pairs(tmp_path / place / "visible", tmp_path / place / "lwir", ["I00000", "I00001"], ".jpg")
    dataset = load_dataset("folder", tmp_path, "test", "quality")
    assert [(sample.id, sample.group) for sample in dataset] == [
        (f"set00_V{v}_I0000{n}", f"set00_V{v}") for v in ("000", "001") for n in (0, 1)
    ]
    named = load_dataset("folder@visible=*/visible/*,infrared=*/lwir/*", tmp_path, "test", "quality")
    assert [sample.id for sample in named] == [sample.id for sample in dataset]


def test_validation_takes_whole_sequences(tmp_path: Path) -> None:
    for sequence in ("a", "b", "c"):
        write_pairs(
            tmp_path / "train/visible" / sequence, tmp_path / "train/infrared" / sequence, [f"{n}" for n in range(4)]
        )
    groups = [{s.group for s in load_dataset("folder", tmp_path, split, "quality")} for split in ("train", "val")]
    assert groups[0] | groups[1] == {"a", "b", "c"}
    assert not groups[0] & groups[1]


@pytest.mark.parametrize(
    ("visible", "infrared"), [("vis_img", "ir_img"), ("RGB_images", "thermal_8_bit"), ("color", "LWIR")]
)
def test_folders_are_known_by_the_fields_words(tmp_path: Path, visible: str, infrared: str) -> None:
    write_pairs(tmp_path / visible, tmp_path / infrared, ["a"])
    assert len(load_dataset("folder", tmp_path, "test", "quality")) == 1


def test_two_folders_that_could_be_meant_are_an_error(tmp_path: Path) -> None:
    write_pairs(tmp_path / "visible", tmp_path / "ir", ["a"])
    write_pairs(tmp_path / "rgb", tmp_path / "other", ["a"])
    with pytest.raises(DatasetError, match=r"several folders that could be meant: rgb, visible.*--visible 'rgb/\*'"):
        load_dataset("folder", tmp_path, "test", "quality")
    dataset = load_dataset("folder@visible=rgb/*,infrared=ir/*", tmp_path, "test", "quality")
    assert dataset[0].visible.parent.name == "rgb"


def test_one_folder_of_marked_names_is_a_dataset_and_says_how_it_was_read(tmp_path: Path) -> None:
    for number in NUMBERS:
        write_image(tmp_path / f"{number:05d}_rgb.png", make_image("x", 3))
        write_image(tmp_path / f"{number:05d}_th.png", make_image("x", 1))
    dataset = load_dataset("folder", tmp_path, "test", "quality")
    assert [sample.id for sample in dataset] == [f"{n:05d}" for n in NUMBERS]
    assert dataset[0].infrared.name == "00000_th.png"
    assert dataset.facts["names"] == "paired by their marks: --visible '*_rgb' --infrared '*_th'"


def test_one_folder_without_marks_is_not_paired_with_itself(tmp_path: Path) -> None:
    write_pairs(tmp_path, tmp_path / "elsewhere", ["a", "b"])
    with pytest.raises(DatasetError, match="images of both modalities, or of one only"):
        load_dataset("folder", tmp_path, "test", "quality")


def test_listed_splits_hold_for_marked_names(tmp_path: Path) -> None:
    for number in NUMBERS:
        write_image(tmp_path / f"{number}_rgb.png", make_image("x", 3))
        write_image(tmp_path / f"{number}_th.png", make_image("x", 1))
    for split, name in (("train", "0"), ("val", "1"), ("test", "2")):
        write_list(tmp_path, split, [name])
    assert [sample.id for sample in Folder(tmp_path, PairOptions()).load("train", "quality")] == ["0"]


@pytest.mark.parametrize(
    ("name", "said"),
    [(b"\xff\xfe.png", "not UTF-8"), (b"a\nb.png", "control character"), (b"x" * 245 + b".png", "240 are the most")],
)
def test_names_that_cannot_be_ids_are_named_and_printable(tmp_path: Path, name: bytes, said: str) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a"])
    for folder in ("vi", "ir"):
        path = os.path.join(os.fsencode(tmp_path / folder), name)
        with open(path, "wb") as opened:
            opened.write((tmp_path / folder / "a.png").read_bytes())
    found = match_pairs(tmp_path / "vi", tmp_path / "ir")
    assert [pair.id for pair in found.pairs] == ["a"]
    assert len(found.problems) == 2
    for problem in found.problems:
        assert said in problem.detail
        assert str(problem).isprintable()


def test_two_links_to_one_folder_are_one_source(tmp_path: Path) -> None:
    write_pairs(tmp_path / "real", tmp_path / "other", ["a", "b"])
    for name in ("visible", "infrared"):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).symlink_to(tmp_path / "real")
    with pytest.raises(DatasetError, match="of both modalities, or of one only"):
        load_dataset("folder", tmp_path / "data", "test", "quality")
