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
from datasets.problems import Problem, ProblemKind, Remark, raise_problems, remedy
from suite.errors import DatasetError
from tests.datasets.miniatures import (
    SIZE,
    make_image,
    voc,
    write_fmb,
    write_llvip,
    write_llvip_yolo,
    write_m3fd,
    write_mask,
    write_msrs,
    write_pairs,
)


def found(layout: LLVIP | FMB | MSRS | M3FD | Folder, task: str) -> dict[ProblemKind, list[Problem]]:
    by_kind: dict[ProblemKind, list[Problem]] = {}
    for problem in check_dataset(layout, task, subset=True).problems:  # type: ignore[arg-type]
        by_kind.setdefault(problem.kind, []).append(problem)
    return by_kind


@pytest.fixture
def fmb(tmp_path: Path) -> FMB:
    write_fmb(tmp_path)
    return FMB(tmp_path)


@pytest.fixture
def llvip(tmp_path: Path) -> LLVIP:
    write_llvip(tmp_path)
    return LLVIP(tmp_path)


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


def remarks(layout: LLVIP | FMB | MSRS | M3FD | Folder, task: str) -> dict[str, list[Remark]]:
    by_kind: dict[str, list[Remark]] = {}
    for remark in check_dataset(layout, task, subset=True).remarks:  # type: ignore[arg-type]
        by_kind.setdefault(remark.kind, []).append(remark)
    return by_kind


def scene(seed: int, size: tuple[int, int] = (96, 128)) -> np.ndarray:
    """Bright and dark blocks: contours that both modalities show."""
    generator = np.random.default_rng(seed)
    pixels = np.full(size, 90, dtype=np.uint8)
    for _ in range(14):
        y, x = (int(generator.integers(0, side - 16)) for side in size)
        pixels[y : y + int(generator.integers(6, 30)), x : x + int(generator.integers(6, 30))] = generator.integers(255)
    return pixels


def write_scene(root: Path, name: str, visible: np.ndarray, infrared: np.ndarray) -> None:
    for folder, pixels in (("vi", visible), ("ir", infrared)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / folder / f"{name}.png"), pixels)


def test_pixels_that_explain_odd_scores_are_remarks_and_no_problems(tmp_path: Path) -> None:
    one = scene(1)
    write_scene(tmp_path, "black", one, np.zeros_like(one))
    write_scene(tmp_path, "same", one, one)
    write_scene(tmp_path, "small", one[::5, ::5], 255 - one[::5, ::5])
    write_scene(tmp_path, "hot", one, cv2.applyColorMap(255 - one, cv2.COLORMAP_INFERNO))
    write_scene(tmp_path, "flat", one, (100 + one // 32).astype(np.uint8))
    write_scene(tmp_path, "fine", one, 255 - one)
    assert found(Folder(tmp_path), "quality") == {}
    assert {
        kind: [remark.id for remark in all_of] for kind, all_of in remarks(Folder(tmp_path), "quality").items()
    } == {
        "constant image": ["black"],
        "identical modalities": ["same"],
        "small image": ["small"],
        "false colours": ["hot"],
        "little contrast": ["flat"],
    }


def test_a_shifted_pair_is_remarked_on_with_its_shift(tmp_path: Path) -> None:
    wide = scene(2, (120, 200))
    write_scene(tmp_path, "registered", wide[:, 20:180], 255 - wide[:, 20:180])
    write_scene(tmp_path, "shifted", wide[:, 20:180], 255 - wide[:, 10:170])
    (remark,) = remarks(Folder(tmp_path), "quality")["unregistered pair"]
    assert remark.id == "shifted"
    assert "shifted by about 10 pixels to the right" in remark.detail


def test_grey_infrared_in_three_channels_of_a_jpeg_is_not_in_false_colours(tmp_path: Path) -> None:
    write_scene(tmp_path, "a", scene(1), np.zeros((1, 1), dtype=np.uint8))
    cv2.imwrite(str(tmp_path / "ir/a.jpg"), np.dstack([255 - scene(1)] * 3))
    (tmp_path / "ir/a.png").unlink()
    assert "false colours" not in remarks(Folder(tmp_path), "quality")


def test_boxes_that_stand_twice_are_counted_once_and_named(tmp_path: Path) -> None:
    write_llvip_yolo(tmp_path)
    near = "0 0.5 0.5 0.25 0.5\n0 0.50 0.5 0.25 0.5\n0 0.5 0.5 0.26 0.5\n"
    (tmp_path / "labels/test/190001.txt").write_text(near)
    layout = LLVIP(tmp_path)
    (problem,) = found(layout, "detect")["repeated box"]
    assert (problem.id, problem.detail) == ("190001", "1 of 3 boxes equal an earlier one of the file")
    dataset = layout.load("test", "detect")
    assert len(dataset[0].target) == 2  # type: ignore[arg-type]
    assert dataset.facts["repeated boxes"] == "1 in 1 label files; each box is counted once"


def test_voc_objects_that_stand_twice_are_counted_once_too(llvip: LLVIP) -> None:
    twice = voc(("person", 2, 3, 12, 20), ("person", 2, 3, 12, 20), ("person", 2, 3, 12, 21))
    (llvip.root / "Annotations/190001.xml").write_text(twice)
    assert [problem.id for problem in found(llvip, "detect")["repeated box"]] == ["190001"]
    assert len(llvip.load("test", "detect")[0].target) == 2  # type: ignore[arg-type]


def test_a_list_of_classes_among_the_labels_is_no_label_but_is_compared(tmp_path: Path) -> None:
    write_llvip_yolo(tmp_path)
    path = tmp_path / "labels/train/classes.txt"
    path.write_text("Person\n")
    assert found(LLVIP(tmp_path), "detect") == {}
    assert remarks(LLVIP(tmp_path), "detect").keys() <= {"small image"}
    path.write_text("dog\nperson\n")
    (remark,) = remarks(LLVIP(tmp_path), "detect")["class names"]
    assert "lists dog, person; the dataset has person" in remark.detail


def test_classes_in_another_order_are_a_problem(tmp_path: Path) -> None:
    write_m3fd(tmp_path)
    for path in sorted((tmp_path / "Annotation").iterdir()):
        path.unlink()
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels" / f"{path.stem}.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "Annotation").rmdir()
    (tmp_path / "labels/classes.txt").write_text("Car\nPeople\nBus\nLamp\nMotorcycle\nTruck\n")
    assert "lists Car, People, Bus" in found(M3FD(tmp_path), "detect")["class order"][0].detail


def test_more_boxes_than_an_image_can_show_are_remarked_on(tmp_path: Path) -> None:
    write_llvip_yolo(tmp_path)
    lines = [f"0 0.5 0.5 {0.1 + n / 4000:.6f} 0.5\n" for n in range(1200)]
    (tmp_path / "labels/test/190001.txt").write_text("".join(lines))
    assert "1,200 boxes" in remarks(LLVIP(tmp_path), "detect")["many boxes"][0].detail


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
