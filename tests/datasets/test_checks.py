"""Every common corruption is named, with the pair and what to do; a sound dataset has none (see the contract)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets.checks import check_dataset
from datasets.layouts.fmb import FMB
from datasets.layouts.folder import Folder
from datasets.layouts.llvip import LLVIP
from datasets.layouts.m3fd import M3FD
from datasets.layouts.msrs import MSRS
from datasets.problems import Problem, raise_problems, remedy
from suite.errors import DatasetError
from tests.datasets.findings import found
from tests.datasets.miniatures import (
    SIZE,
    make_image,
    voc,
    write_llvip_yolo,
    write_m3fd,
    write_mask,
    write_msrs,
    write_pairs,
)


def test_a_mask_in_colours_is_told_to_be_the_coloured_copy(fmb: FMB) -> None:
    cv2.imwrite(str(fmb.root / "train/Label/00003.png"), make_image("x", 3))
    (problem,) = found(fmb, "segment")["mask colours"]
    assert problem.id == "00003"
    assert "colour-coded copy" in problem.detail


def test_ids_beyond_the_classes_are_listed(fmb: FMB) -> None:
    write_mask(fmb.root / "test/Label/01001.png", [0, 14, 15, 255])
    (problem,) = found(fmb, "segment")["mask ids"]
    assert problem.id == "01001"
    assert "holds the ids 15; known are 0 to 14" in problem.detail


def test_a_mask_of_unlabelled_pixels_only_is_no_problem(fmb: FMB) -> None:
    write_mask(fmb.root / "test/Label/01001.png", [0])
    assert found(fmb, "segment") == {}


def test_a_palette_mask_is_read_by_its_ids(fmb: FMB) -> None:
    image = Image.fromarray(np.full(SIZE, 14, dtype=np.uint8))
    image.putpalette([255, 0, 0] * 256)
    image.save(fmb.root / "test/Label/01001.png")
    assert found(fmb, "segment") == {}


def test_a_mask_of_another_size_is_named(fmb: FMB) -> None:
    write_mask(fmb.root / "train/Label/00001.png", [1], size=(12, 16))
    (problem,) = found(fmb, "segment")["mask size"]
    assert "12x16 (HxW), its image 24x32" in problem.detail


def test_a_mask_cut_short_is_an_unreadable_label(fmb: FMB) -> None:
    path = fmb.root / "train/Label/00001.png"
    path.write_bytes(path.read_bytes()[:50])
    assert [problem.id for problem in found(fmb, "segment")["unreadable label"]] == ["00001"]


def test_mask_without_image_and_image_without_mask(fmb: FMB) -> None:
    (fmb.root / "train/Label/00001.png").rename(fmb.root / "train/Label/77777.png")
    problems = found(fmb, "segment")
    assert [problem.id for problem in problems["image without label"]] == ["00001"]
    assert [problem.id for problem in problems["label without image"]] == ["77777"]


def test_bmp_and_jpg_among_the_official_png_are_named(fmb: FMB) -> None:
    for name, suffix in (("00001", ".bmp"), ("00002", ".jpg")):
        path = fmb.root / f"train/Visible/{name}.png"
        pixels = cv2.imread(str(path))
        assert pixels is not None
        path.unlink()
        cv2.imwrite(str(path.with_suffix(suffix)), pixels)
    problems = found(fmb, "segment")
    assert [problem.id for problem in problems.pop("image format")] == ["00001", "00002"]
    assert problems == {}


def test_two_files_of_one_id_are_named(fmb: FMB) -> None:
    cv2.imwrite(str(fmb.root / "train/Infrared/00001.jpg"), make_image("x", 1))
    assert "00001.jpg and 00001.png" in found(fmb, "segment")["duplicate id"][0].detail


def test_lossy_among_lossless_is_named_where_no_format_is_official(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a", "b", "c"])
    (tmp_path / "ir/a.png").unlink()
    cv2.imwrite(str(tmp_path / "ir/a.jpg"), make_image("a", 1))
    (problem,) = found(Folder(tmp_path), "quality")["image format"]
    assert problem.id == "a"
    assert "mixed" in problem.detail


def test_a_box_outside_stops_loading_and_is_named(llvip: LLVIP) -> None:
    (llvip.root / "Annotations/190001.xml").write_text(voc(("person", 2, 3, 400, 20)))
    with pytest.raises(DatasetError, match=r"(?s)190001.xml box 1: \(2, 3, 400, 20\) reaches outside.*--skip-invalid"):
        llvip.load("test", "detect")


def test_a_box_outside_the_real_image_is_found_though_the_label_states_a_larger_one(llvip: LLVIP) -> None:
    (llvip.root / "Annotations/190001.xml").write_text(voc(("person", 2, 3, 100, 20), size=(200, 200)))
    llvip.load("test", "detect")
    problems = found(llvip, "detect")
    assert "which is 24x32" in problems["box outside"][0].detail
    assert "its label is for an image of 200x200 (HxW), this one is 24x32" in problems["label size"][0].detail


def test_annotation_without_image_and_image_without_annotation_stop_loading(llvip: LLVIP) -> None:
    (llvip.root / "Annotations/190001.xml").rename(llvip.root / "Annotations/990001.xml")
    with pytest.raises(DatasetError, match=r"(?s)190001: no label .*990001: .* labels no image"):
        llvip.load("test", "detect")


def test_a_download_of_train_alone_does_not_call_the_test_labels_stray(llvip: LLVIP) -> None:
    import shutil

    for modality in ("visible", "infrared"):
        shutil.rmtree(llvip.root / modality / "test")
    assert len(llvip.load("train", "detect")) > 0
    assert found(llvip, "detect") == {}
    kinds = [problem.kind for problem in check_dataset(llvip, "detect").problems]
    assert kinds == ["layout", "count", "count"]


def test_yolo_label_without_image_is_named(tmp_path: Path) -> None:
    write_llvip_yolo(tmp_path)
    (tmp_path / "labels/test/555555.txt").write_text("")
    assert [problem.id for problem in found(LLVIP(tmp_path), "detect")["label without image"]] == ["555555"]


def test_frames_left_out_at_the_borders_of_sequences_are_checked_too(tmp_path: Path) -> None:
    write_m3fd(tmp_path)
    write_pairs(tmp_path / "Vis", tmp_path / "Ir", ["00199"])
    assert [problem.id for problem in found(M3FD(tmp_path), "detect")["image without label"]] == ["00199"]


def test_more_threads_find_the_same(fmb: FMB) -> None:
    write_mask(fmb.root / "test/Label/01001.png", [77])
    assert check_dataset(fmb, "segment", workers=4) == check_dataset(fmb, "segment", workers=1)


def test_counts_that_differ_say_both_numbers(tmp_path: Path) -> None:
    write_msrs(tmp_path)
    details = [
        problem.detail for problem in check_dataset(MSRS(tmp_path), "segment").problems if problem.kind == "count"
    ]
    assert details == [
        "train: 16 pairs, the official release has 1083",
        "test: 2 pairs, the official release has 361",
    ]


def test_ten_offenders_are_shown_and_the_rest_counted() -> None:
    problems = [Problem(kind="mask ids", id=f"{n:02d}", detail="wrong") for n in range(13)]
    with pytest.raises(DatasetError) as caught:
        raise_problems("fmb", "train", problems, place="fmb --root DIR")
    message = str(caught.value)
    assert "fmb/train: 13 problems (mask ids)" in message
    assert "09: wrong" in message
    assert "10: wrong" not in message
    assert "3 more (13 in total)" in message
    assert remedy("mask ids") in message


def test_no_problem_raises_nothing() -> None:
    raise_problems("fmb", "train", [], place="")


def test_one_file_as_both_images_is_a_problem_through_links_too(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a", "b"])
    (tmp_path / "ir/a.png").unlink()
    (tmp_path / "ir/a.png").symlink_to(tmp_path / "vi/a.png")
    assert [problem.id for problem in found(Folder(tmp_path), "quality")["one source twice"]] == ["a"]


def test_an_empty_folder_is_an_error_and_not_a_sound_dataset(tmp_path: Path) -> None:
    for name in ("vi", "ir"):
        (tmp_path / name).mkdir()
    with pytest.raises(DatasetError, match="no pairs under"):
        check_dataset(Folder(tmp_path), "quality")


def test_void_pixels_of_255_are_no_class_and_no_problem(fmb: FMB) -> None:
    write_mask(fmb.root / "test/Label/01001.png", [0, 14, 255])
    assert found(fmb, "segment") == {}


def test_a_mask_as_jpeg_is_refused_with_the_reason(fmb: FMB) -> None:
    path = fmb.root / "test/Label/01001.png"
    Image.new("L", (32, 24)).save(tmp := path.with_suffix(".jpg"), "JPEG")
    tmp.rename(path)
    assert "compression changes ids" in found(fmb, "segment")["unreadable label"][0].detail
