"""What each dataset's own layout adds: scenes, strata, sequences, label places, and the facts that go into records."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from datasets.base import Boxes
from datasets.images import read_sample
from datasets.layouts.dronevehicle import DroneVehicle
from datasets.layouts.flir_aligned import FLIRAligned
from datasets.layouts.fmb import FMB
from datasets.layouts.folder import Folder
from datasets.layouts.harvard import Harvard, HarvardCTMRI, HarvardPETMRI
from datasets.layouts.kaist import KAIST
from datasets.layouts.llvip import LLVIP
from datasets.layouts.m3fd import BLOCK_LENGTH, BLOCK_SPLITS, GUARD_LENGTH, M3FD, split_of
from datasets.layouts.mfnet import MFNet
from datasets.layouts.msrs import MSRS
from datasets.layouts.roadscene import RoadScene
from datasets.layouts.survey import SurveyedLayout
from datasets.layouts.tno import TNO
from datasets.splits import write_list
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    M3FD_IDS,
    harvard_writer,
    make_image,
    voc,
    write_dronevehicle,
    write_flir_aligned,
    write_fmb,
    write_harvard,
    write_image,
    write_kaist,
    write_label,
    write_llvip,
    write_llvip_yolo,
    write_m3fd,
    write_mask,
    write_mfnet,
    write_msrs,
    write_pairs,
)


def ids(layout: SurveyedLayout, split: str) -> list[str]:
    return [sample.id for sample in layout.load(split, "quality")]


def test_llvip_validation_takes_whole_scenes_and_says_which(tmp_path: Path) -> None:
    write_llvip(tmp_path)
    layout = LLVIP(tmp_path)
    scenes = [{name[:2] for name in ids(layout, split)} for split in ("train", "val", "test")]
    assert scenes[0] | scenes[1] == {"01", "02", "03", "04"}
    assert len(scenes[1]) == 1
    assert scenes[2] == {"19", "20"}
    assert f"whole groups {scenes[1].pop()} of 4" in layout.load("val", "detect").facts["validation"]


def test_llvip_of_one_scene_takes_blocks_and_admits_that_neighbours_remain(tmp_path: Path) -> None:
    names = [f"01{frame:04d}" for frame in range(1, 21)]
    write_pairs(tmp_path / "visible/train", tmp_path / "infrared/train", names, ".jpg")
    layout = LLVIP(tmp_path)
    carved = [int(name) for name in ids(layout, "val")]
    assert carved == list(range(carved[0], carved[0] + 3))
    assert "one group only (01), so neighbouring frames remain" in layout.load("val", "quality").facts["validation"]


def test_llvip_reads_voc_and_yolo_alike(tmp_path: Path) -> None:
    write_llvip(tmp_path / "voc")
    write_llvip_yolo(tmp_path / "yolo")
    voc_target = LLVIP(tmp_path / "voc").load("test", "detect")[0].target
    yolo_target = LLVIP(tmp_path / "yolo").load("test", "detect")[0].target
    assert voc_target == Boxes(xyxy=((2, 3, 12, 20),), labels=(0,))
    assert yolo_target == Boxes(xyxy=((12, 6, 20, 18),), labels=(0,))


def test_llvip_record_carries_the_annotation_set(tmp_path: Path) -> None:
    write_llvip(tmp_path)
    before = LLVIP(tmp_path).load("test", "detect").facts["annotations"]
    assert before.startswith("Pascal VOC, 15 files, set ")
    write_label(tmp_path / "Annotations/190001.xml", voc(("person", 2, 3, 13, 20)))
    assert LLVIP(tmp_path).load("test", "detect").facts["annotations"] != before


def test_llvip_of_the_wrong_folder_is_told_what_is_there(tmp_path: Path) -> None:
    write_msrs(tmp_path)
    with pytest.raises(DatasetError, match=r"(?s)no folder visible in .*it holds: test, train.*--root.*Annotations/"):
        LLVIP(tmp_path).load("test", "detect")


def test_an_own_val_folder_is_used_instead_of_carving(tmp_path: Path) -> None:
    write_msrs(tmp_path)
    write_pairs(tmp_path / "val/vi", tmp_path / "val/ir", ["00900D"])
    layout = MSRS(tmp_path)
    assert ids(layout, "val") == ["00900D"]
    assert len(ids(layout, "train")) == 16
    assert layout.load("val", "quality").facts["validation"] == "the dataset's own val folder"


def test_msrs_validation_is_even_over_day_and_night(tmp_path: Path) -> None:
    # Six by day, then twenty by night: blocks over all of them would take nights only.
    names = [f"{n:05d}D" for n in range(6)] + [f"{n:05d}N" for n in range(100, 120)]
    write_pairs(tmp_path / "train/vi", tmp_path / "train/ir", names)
    lights = [name[-1] for name in ids(MSRS(tmp_path), "val")]
    assert lights.count("D") == 1
    assert lights.count("N") == 3


def test_msrs_states_the_overlap_and_four_class_labels(tmp_path: Path) -> None:
    write_msrs(tmp_path)
    facts = MSRS(tmp_path).load("test", "segment").facts
    assert "official Diff-IF weights were trained" in facts["overlap"]
    assert facts["labels"] == "class ids as in MSRS"
    for path in tmp_path.glob("*/Segmentation_labels/*.png"):
        write_mask(path, [0, 1, 3])
    said = MSRS(tmp_path).load("test", "segment").facts["labels"]
    assert said.startswith("labels use only ids 0 unlabelled, 1 car, 3 bike of the 9 classes")
    write_label(tmp_path / "README.md", "These are pseudo-labels.")
    assert MSRS(tmp_path).load("test", "segment").facts["labels"].endswith("(said by README.md)")


def test_fmb_leaves_unlabelled_out_and_carves_validation_from_train(tmp_path: Path) -> None:
    write_fmb(tmp_path)
    layout = FMB(tmp_path)
    assert layout.load("test", "segment").ignore_index == 0
    assert len(FMB.classes) == 15
    assert FMB.classes[8:11] == ("Person", "Car", "Truck")
    assert len(ids(layout, "val")) == 2
    assert len(ids(layout, "train")) == 10


def test_fmb_without_its_masks_still_serves_quality(tmp_path: Path) -> None:
    write_pairs(tmp_path / "test/Visible", tmp_path / "test/Infrared", ["1"])
    assert ids(FMB(tmp_path), "test") == ["1"]
    with pytest.raises(DatasetError, match="no folder Label"):
        FMB(tmp_path).load("test", "segment")


def test_m3fd_splits_by_sequence_whatever_else_is_there(tmp_path: Path) -> None:
    write_m3fd(tmp_path)
    layout = M3FD(tmp_path)
    splits = {split: ids(layout, split) for split in ("train", "val", "test")}
    assert [len(splits[split]) for split in ("train", "val", "test")] == [7, 1, 2]
    for split, names in splits.items():
        assert all(split_of(name) == split for name in names)
    assert sorted(name for names in splits.values() for name in names) == M3FD_IDS


def test_m3fd_shares_are_two_tenths_test_and_few_frames_lost() -> None:
    splits = [split_of(f"{number:05d}") for number in range(10 * BLOCK_LENGTH)]
    assert splits.count("test") == BLOCK_LENGTH * BLOCK_SPLITS.count("test")
    assert splits.count("val") == BLOCK_LENGTH - 2 * GUARD_LENGTH
    assert 0 < splits.count(None) <= 0.1 * len(splits)


def test_m3fd_train_and_test_frames_lie_apart_by_the_guard() -> None:
    splits = {number: split_of(f"{number:05d}") for number in range(4200)}
    for number, split in splits.items():
        if split in ("train", "val"):
            near = {splits.get(n) for n in range(number - GUARD_LENGTH, number + GUARD_LENGTH + 1)}
            assert near <= {split, None}


def test_m3fd_names_that_are_no_frame_numbers_are_refused_unless_listed(tmp_path: Path) -> None:
    write_pairs(tmp_path / "Vis", tmp_path / "Ir", ["first", "second"])
    with pytest.raises(DatasetError, match="first: the name is not a frame number"):
        M3FD(tmp_path).load("test", "quality")
    write_list(tmp_path, "test", ["first"])
    write_list(tmp_path, "train", ["second"])
    assert ids(M3FD(tmp_path), "test") == ["first"]


def test_lists_overrule_carving_and_a_pair_in_two_lists_is_refused(tmp_path: Path) -> None:
    write_fmb(tmp_path)
    write_list(tmp_path, "train", ["00001", "00002"])
    write_list(tmp_path, "val", ["00003"])
    assert ids(FMB(tmp_path), "train") == ["00001", "00002"]
    assert FMB(tmp_path).load("val", "quality").facts["validation"] == "as listed in splits/*.txt"
    write_list(tmp_path, "val", ["00002"])
    with pytest.raises(DatasetError, match=r"(?s)listed in both .*00002"):
        FMB(tmp_path).load("val", "quality")


@pytest.mark.parametrize(
    ("visible", "infrared"),
    [("vi", "ir"), ("VI", "IR"), ("Vis", "Ir"), ("visible", "infrared"), ("RGB", "thermal")],
)
def test_flat_folders_are_test_whatever_they_are_called(tmp_path: Path, visible: str, infrared: str) -> None:
    write_pairs(tmp_path / visible, tmp_path / infrared, ["a", "b"])
    write_image(tmp_path / "fused/a.png", make_image("a", 3))
    assert ids(Folder(tmp_path), "test") == ["a", "b"]
    for split in ("train", "val"):
        with pytest.raises(DatasetError, match=f"all its pairs are test and none are {split}"):
            Folder(tmp_path).load(split, "quality")


def test_own_splits_may_lie_above_or_below_the_modality(tmp_path: Path) -> None:
    write_pairs(tmp_path / "above/val/vi", tmp_path / "above/val/ir", ["v"])
    write_pairs(tmp_path / "above/train/vi", tmp_path / "above/train/ir", ["t"])
    write_pairs(tmp_path / "below/vi/val", tmp_path / "below/ir/val", ["v"])
    write_pairs(tmp_path / "below/vi/train", tmp_path / "below/ir/train", ["t"])
    for place in ("above", "below"):
        assert ids(Folder(tmp_path / place), "val") == ["v"]
        assert ids(Folder(tmp_path / place), "train") == ["t"]


def test_flat_folders_may_list_their_splits(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a", "b", "c"])
    for split, name in (("train", "a"), ("val", "b"), ("test", "c")):
        write_list(tmp_path, split, [name])
        assert ids(TNO(tmp_path), split) == [name]


def test_roadscene_is_found_under_its_published_folder_names(tmp_path: Path) -> None:
    write_pairs(tmp_path / "crop_LR_visible", tmp_path / "cropinfrared", ["FLIR_1"], ".jpg")
    sample = RoadScene(tmp_path).load("test", "quality")[0]
    assert sample.visible.parent.name == "crop_LR_visible"


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


@pytest.mark.parametrize(
    ("layout", "folder", "task", "train", "val", "test"),
    [
        (LLVIP, "llvip_mini", "detect", 27, 5, 12),
        (MSRS, "msrs", "segment", 128, 22, 50),
        (HarvardCTMRI, "harvard", "quality", 19, 5, 10),
        (Harvard, "harvard", "quality", 59, 13, 30),
    ],
)
def test_real_pairs_load(
    shared: Path, layout: type[LLVIP], folder: str, task: str, train: int, val: int, test: int
) -> None:
    opened = layout(shared / "data" / folder)
    assert [len(opened.load(split, task)) for split in ("train", "val", "test")] == [train, val, test]  # type: ignore[arg-type]


def test_mfnet_splits_the_channels_of_one_file_and_follows_its_lists(tmp_path: Path) -> None:
    write_mfnet(tmp_path)
    layout = MFNet(tmp_path)
    sample = layout.load("test", "segment")[0]
    visible, infrared = read_sample(sample)
    assert np.array_equal(np.round(255 * infrared[0, 0].numpy()).astype(np.uint8), make_image(sample.id, 1))
    colour = np.round(255 * visible[0].permute(1, 2, 0).numpy()).astype(np.uint8)
    assert np.array_equal(colour[..., ::-1], make_image(sample.id, 3))
    assert [len(layout.load(split, "quality")) for split in ("train", "val", "test")] == [12, 4, 2]
    shutil.copy(tmp_path / "images/00001D.png", tmp_path / "images/00001D_flip.png")
    assert len(layout.load("train", "quality")) == 12


def test_flir_aligned_pairs_by_the_ends_of_its_names_and_leaves_dogs_out(tmp_path: Path) -> None:
    write_flir_aligned(tmp_path)
    dataset = FLIRAligned(tmp_path).load("test", "detect")
    assert [(s.id, s.infrared.name) for s in dataset] == [
        ("FLIR_01001", "FLIR_01001_PreviewData.jpeg"), ("FLIR_01002", "FLIR_01002_PreviewData.jpeg")
    ]  # fmt: skip
    assert dataset[0].target == Boxes(xyxy=((2, 3, 12, 20),), labels=(0,))
    assert dataset.facts["left out"].startswith("2 objects")
    assert len(FLIRAligned(tmp_path).load("train", "quality")) == 10


def test_kaist_reads_the_frames_of_its_list_and_its_sequences_stay_whole(tmp_path: Path) -> None:
    write_kaist(tmp_path)
    dataset = KAIST(tmp_path).load("test", "detect")
    assert [sample.id for sample in dataset] == ["set06_V000_I00019", "set06_V000_I00039"]
    assert dataset[0].target == Boxes(xyxy=((2, 3, 12, 20),), labels=(0,))
    assert dataset.facts["frames"] == "as listed in imageSets"
    groups = [{s.group for s in KAIST(tmp_path).load(split, "quality")} for split in ("train", "val")]
    assert groups[0] | groups[1] == {"set00_V000", "set00_V001"}
    assert not groups[0] & groups[1]
    write_label(tmp_path / "annotations/set06/V000/I00019.txt", "tree 1 1 5 5\n")
    with pytest.raises(DatasetError, match="unknown class 'tree'"):
        KAIST(tmp_path).load("test", "detect")


def test_dronevehicle_takes_the_box_around_an_outline_and_knows_its_spellings(tmp_path: Path) -> None:
    write_dronevehicle(tmp_path)
    dataset = DroneVehicle(tmp_path).load("test", "detect")
    assert dataset[0].target == Boxes(xyxy=((2, 2, 20, 14),), labels=(4,))
    assert dataset.facts["polygons"].startswith("2 objects")
    assert ids(DroneVehicle(tmp_path), "val") == ["02001"]
