"""What explains odd scores is remarked on: pixels, repeated boxes, and lists of classes that disagree."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from datasets.layouts.folder import Folder
from datasets.layouts.llvip import LLVIP
from datasets.layouts.m3fd import M3FD
from tests.datasets.findings import found, remarks
from tests.datasets.miniatures import (
    voc,
    write_llvip_yolo,
    write_m3fd,
)


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
