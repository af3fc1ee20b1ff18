"""VOC and YOLO labels: what they give, and every way in which they can be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datasets.annotations import describe_annotations, read_voc, read_yolo, yolo_lines
from datasets.base import Boxes
from tests.datasets.miniatures import voc

CLASSES = ("person", "car")
SIZE = (24, 32)


def read(tmp_path: Path, text: str, kind: str = "xml") -> tuple[Boxes, str]:
    path = tmp_path / f"000001.{kind}"
    path.write_text(text, encoding="utf-8")
    boxes, problems = read_voc(path, CLASSES) if kind == "xml" else read_yolo(path, CLASSES, SIZE)
    return boxes, "; ".join(f"{problem.kind}: {problem}" for problem in problems)


def test_voc_boxes_keep_their_pixels_and_classes_whatever_the_case(tmp_path: Path) -> None:
    boxes, problems = read(tmp_path, voc(("Person", 2, 3, 12, 20), ("car", 0, 0, 32, 24)))
    assert boxes == Boxes(xyxy=((2, 3, 12, 20), (0, 0, 32, 24)), labels=(0, 1))
    assert problems == ""


def test_a_voc_file_without_objects_is_an_image_without_boxes(tmp_path: Path) -> None:
    assert read(tmp_path, voc()) == (Boxes(), "")


def test_evidence_is_read_where_every_object_has_one(tmp_path: Path) -> None:
    boxes, _ = read(tmp_path, voc(("person", 2, 3, 12, 20), extra="<evidence>infrared</evidence>"))
    assert boxes.evidence == ("infrared",)


def test_a_box_one_pixel_out_is_clipped_since_some_tools_count_from_one(tmp_path: Path) -> None:
    boxes, problems = read(tmp_path, voc(("person", 2, 3, 33, 25)))
    assert boxes.xyxy == ((2, 3, 32, 24),)
    assert problems == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (voc(("person", 2, 3, 40, 20)), "box outside: .*box 1: .2, 3, 40, 20. reaches outside .* 24x32"),
        (voc(("person", -5, 3, 12, 20)), "box 1: .-5, 3, 12, 20. reaches outside"),
        (voc(("person", 12, 3, 12, 20)), "box 1: .* is empty; expected xmin < xmax"),
        (voc(("person", 1, 3, float("nan"), 20)), "box 1: .*not a finite number"),
        (
            voc(("car", 1, 1, 2, 2), ("tree", 1, 3, 9, 20)),
            "unknown class: .*box 2: unknown class 'tree'. Known: person",
        ),
        (voc(("person", "left", 3, 9, 20)), "unreadable label: .*box 1: <bndbox> needs xmin"),
        (voc(("person", 1, 3, 9, 20), size=(0, 0)), "no usable <size>"),
        (voc(("person", 1, 3, 9, 20), extra="<evidence>smell</evidence>"), "evidence 'smell'; known: both"),
        ("<annotation><size>", "unreadable label: .*000001.xml cannot be read as XML"),
        ("", "cannot be read as XML"),
    ],
)
def test_unusable_voc_names_file_and_box(tmp_path: Path, text: str, said: str) -> None:

    boxes, problems = read(tmp_path, text)
    assert re.search(said, problems), problems
    assert "000001.xml" in problems
    assert len(boxes) == 0


def test_every_problem_of_a_file_is_told(tmp_path: Path) -> None:
    _, problems = read(tmp_path, voc(("person", 2, 3, 99, 20), ("tree", 1, 1, 2, 2), ("person", 9, 9, 1, 1)))
    assert all(f"box {number}" in problems for number in (1, 2, 3))


def test_evidence_of_some_objects_only_is_refused(tmp_path: Path) -> None:
    mixed = voc(("person", 2, 3, 12, 20), extra="<evidence>both</evidence>").replace(
        "</annotation>", voc(("person", 1, 1, 2, 2)).split("</size>")[1]
    )
    assert "some boxes only" in read(tmp_path, mixed)[1]


def test_yolo_lines_become_pixels(tmp_path: Path) -> None:
    boxes, problems = read(tmp_path, "1 0.5 0.5 0.25 0.5\n\n", "txt")
    assert boxes == Boxes(xyxy=((12, 6, 20, 18),), labels=(1,))
    assert problems == ""


def test_yolo_written_and_read_gives_the_boxes_back(tmp_path: Path) -> None:
    boxes = Boxes(xyxy=((0.0, 0.0, 32.0, 24.0), (3.0, 5.0, 4.5, 23.0)), labels=(1, 0))
    back, problems = read(tmp_path, "\n".join(yolo_lines(boxes, SIZE)), "txt")
    assert problems == ""
    assert back.labels == boxes.labels
    for found, expected in zip(back.xyxy, boxes.xyxy, strict=True):
        assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 0.5 0.5 0.25", "box 1: expected 'class x y width height', got '0 0.5 0.5 0.25'"),
        ("0 a b c d", "expected 'class x y width height'"),
        ("2 0.5 0.5 0.25 0.5", "box 1: unknown class 2. Known: 0 person, 1 car"),
        ("0.5 0.5 0.5 0.25 0.5", "unknown class 0.5"),
        ("-1 0.5 0.5 0.25 0.5", "unknown class -1"),
        ("0 0.5 0.5 0.2 0.2\n0 0.9 0.5 0.5 0.5", "box 2: .* reaches outside the image of 24x32"),
        ("0 0.5 0.5 0 0.5", "is empty"),
        ("nan 0.5 0.5 0.1 0.5", "expected 'class x y width height'"),
    ],
)
def test_unusable_yolo_names_file_and_line(tmp_path: Path, text: str, said: str) -> None:

    boxes, problems = read(tmp_path, text, "txt")
    assert re.search(said, problems), problems
    assert "000001.txt" in problems
    assert len(boxes) == 0


def test_a_binary_file_named_txt_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "1.txt"
    path.write_bytes(b"\xff\x00\x80")
    assert "cannot be read as text" in str(read_yolo(path, CLASSES, SIZE)[1][0])


def test_the_annotation_set_is_known_by_its_contents(tmp_path: Path) -> None:
    first, second = tmp_path / "a.xml", tmp_path / "b.xml"
    first.write_bytes(b"one\n")
    second.write_bytes(b"two\n")
    described = describe_annotations([second, first])
    assert described.startswith("Pascal VOC, 2 files, set ")
    assert describe_annotations([first, second]) == described
    first.write_bytes(b"one\r\n")
    assert describe_annotations([first, second]) == described
    first.write_bytes(b"other\n")
    assert describe_annotations([first, second]) != described
