"""Anyone's own labels: YOLO, VOC, COCO and masks, wherever they lie; and what nobody could score is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from datasets.base import Boxes, MaskPath
from datasets.checks import check_dataset
from datasets.layouts.folder import Folder
from datasets.prepare import prepare_dataset
from datasets.reading import PairOptions
from datasets.registry import load_dataset
from suite.errors import DatasetError
from tests.datasets.miniatures import SIZE, make_image, voc, write_image, write_label, write_mask, write_pairs

IDS = ["a", "b"]
PERSON = Boxes(xyxy=((12, 6, 20, 18),), labels=(0,))


def coco(path: Path, ids: list[str], *, size: tuple[int, int] = SIZE, **changes: Any) -> None:
    content: dict[str, Any] = {
        "categories": [{"id": 7, "name": "car"}, {"id": 3, "name": "person"}],
        "images": [
            {"id": n, "file_name": f"img/{name}.jpg", "height": size[0], "width": size[1]} for n, name in enumerate(ids)
        ],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 3, "bbox": [12, 6, 8, 12], "iscrowd": 0} for n, _ in enumerate(ids)
        ],
    }
    write_label(path, json.dumps({**content, **changes}))


def load(root: Path, split: str = "test", task: str = "detect") -> list[Any]:
    return [sample.target for sample in load_dataset("folder", root, split, task)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "place",
    ["labels/{}.txt", "Labels/{}.txt", "annotations/{}.xml", "vi/{}.txt", "label/{}.xml"],
)
def test_boxes_beside_flat_folders_are_found_under_their_usual_names(tmp_path: Path, place: str) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", IDS)
    for name in IDS:
        text = voc(("person", 12, 6, 20, 18)) if place.endswith("xml") else "0 0.5 0.5 0.25 0.5\n"
        write_label(tmp_path / place.format(name), text)
    write_label(tmp_path / "classes.txt", "person\ncar\n")
    assert load(tmp_path) == [PERSON, PERSON]
    assert Folder(tmp_path).tasks_here() == ("quality", "detect")
    assert Folder(tmp_path).classes_for("detect") == ("person", "car")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("{split}/{modality}", "{split}/labels"),
        ("{modality}/{split}", "labels/{split}"),
        ("{split}/{modality}", "labels/{split}"),
    ],
)
def test_splits_may_lie_above_or_below_the_labels(tmp_path: Path, images: str, labels: str) -> None:
    for split, label in (("train", "0 0.5 0.5 0.1 0.1"), ("val", "0 0.5 0.5 0.2 0.2"), ("test", "0 0.5 0.5 0.25 0.5")):
        folders = [tmp_path / images.format(split=split, modality=m) for m in ("visible", "infrared")]
        write_pairs(folders[0], folders[1], IDS)
        for name in IDS:
            write_label(tmp_path / labels.format(split=split) / f"{name}.txt", label)
    write_label(tmp_path / "data.yaml", "path: x\nnames:\n  0: person\n  1: car\n")
    assert load(tmp_path) == [PERSON, PERSON]
    assert load(tmp_path, "val")[0] != load(tmp_path, "train")[0]


@pytest.mark.parametrize("place", ["labels/all.json", "annotations.json", "annotations/instances_test.json"])
def test_one_coco_file_names_boxes_and_classes(tmp_path: Path, place: str) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", IDS)
    coco(tmp_path / place, IDS)
    assert load(tmp_path) == [PERSON, PERSON]
    assert load_dataset("folder", tmp_path, "test", "detect").classes == ("person", "car")


def test_crowds_are_left_out_and_counted(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a"])
    boxes = [{"id": n, "image_id": 0, "category_id": 3, "bbox": [12, 6, 8, 12], "iscrowd": n} for n in (0, 1)]
    coco(tmp_path / "labels/all.json", ["a"], annotations=boxes)
    dataset = load_dataset("folder", tmp_path, "test", "detect")
    assert [sample.target for sample in dataset] == [PERSON]
    assert "1 objects" in dataset.facts["left out"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": []}, "boxes of image 0, which is not among the images"),
        ({"annotations": [{"image_id": 0, "category_id": 9, "bbox": [1, 1, 2, 2]}]}, "is no COCO file"),
        ({"annotations": [{"image_id": 0, "category_id": 3, "bbox": [1, 1]}]}, "is no COCO file"),
        ({"annotations": [{"image_id": 0, "category_id": 3, "bbox": [1, 1, 1e400, 2]}]}, "not a finite number"),
        ({"annotations": 7}, "is no COCO file"),
        ({"categories": [{"id": 3, "name": "person"}, {"id": 3, "name": "car"}]}, "two categories have one id"),
        ({"images": [{"id": 0, "file_name": "c.png", "height": 24, "width": 32}]}, "lists no image a"),
    ],
)
def test_a_coco_file_that_is_none_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a"])
    write_label(tmp_path / "classes.txt", "person\ncar\n")
    coco(tmp_path / "labels/all.json", ["a"], **changes)
    with pytest.raises(DatasetError, match=said):
        load(tmp_path)


def test_masks_are_found_and_prepared_with_their_names(tmp_path: Path) -> None:
    write_pairs(tmp_path / "data/vi", tmp_path / "data/ir", IDS)
    for name in IDS:
        write_mask(tmp_path / "data/masks" / f"{name}.png", [0, 1, 255])
    write_label(tmp_path / "data/data.yaml", "names: [road, person]\n")
    layout = Folder(tmp_path / "data")
    assert layout.tasks_here() == ("quality", "segment")
    assert all(isinstance(target, MaskPath) for target in load(tmp_path / "data", task="segment"))
    report = check_dataset(layout, "segment")
    assert report.problems == ()
    prepare_dataset(layout, [report], tmp_path / "clean")
    assert load_dataset("folder", tmp_path / "clean", "test", "segment").classes == ("road", "person")


def test_labels_without_class_names_are_refused_with_what_to_write(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a"])
    write_label(tmp_path / "labels/a.txt", "0 0.5 0.5 0.25 0.5\n")
    with pytest.raises(DatasetError, match=r"nothing says what the class numbers .* mean\. Write .*classes\.txt"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("names: !!python/object/apply:os.system ['touch HACKED']", "names no classes"),
        ("names: {1: person}", "names no classes"),
        ("names: 7", "names no classes"),
        ("[1, 2", "names no classes"),
        ("names: [person, Person]", "must name each class once"),
    ],
)
def test_a_data_yaml_that_names_nothing_is_refused_and_runs_nothing(tmp_path: Path, text: str, said: str) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a"])
    write_label(tmp_path / "labels/a.txt", "0 0.5 0.5 0.25 0.5\n")
    write_label(tmp_path / "data.yaml", text)
    with pytest.raises(DatasetError, match=said):
        load(tmp_path)
    assert not Path("HACKED").exists()


def test_pairs_without_any_label_serve_quality_alone(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", IDS)
    assert Folder(tmp_path).tasks_here() == ("quality",)
    with pytest.raises(DatasetError, match="holds no labels for the task 'detect'"):
        load(tmp_path)


def test_a_pair_without_its_label_and_a_label_without_its_pair_are_named(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", IDS)
    write_label(tmp_path / "classes.txt", "person\n")
    write_label(tmp_path / "labels/a.txt", "0 0.5 0.5 0.25 0.5\n")
    write_label(tmp_path / "labels/z.txt", "0 0.5 0.5 0.25 0.5\n")
    found = {(problem.kind, problem.id) for problem in check_dataset(Folder(tmp_path), "detect").problems}
    assert found == {("image without label", "b"), ("label without image", "z")}


def test_outlines_comments_and_marks_of_annotation_tools_are_read(tmp_path: Path) -> None:
    write_pairs(tmp_path / "vi", tmp_path / "ir", ["a"])
    write_label(tmp_path / "labels/classes.txt", "person\n")
    text = "\ufeff# exported by a tool\n0 0.375 0.25 0.625 0.25 0.625 0.75 0.375 0.75  # outline\n\n"
    write_label(tmp_path / "labels/a.txt", text)
    dataset = load_dataset("folder", tmp_path, "test", "detect")
    assert [sample.target for sample in dataset] == [PERSON]
    assert dataset.facts["polygons"].startswith("1 objects are outlined")


@pytest.mark.parametrize("kind", ["txt", "xml", "json"])
def test_boxes_follow_the_size_that_the_images_are_brought_to(tmp_path: Path, kind: str) -> None:
    write_image(tmp_path / "vi/a.png", make_image("v", 3, (48, 64)))
    write_image(tmp_path / "ir/a.png", make_image("i", 1, SIZE))
    write_label(tmp_path / "classes.txt", "person\ncar\n")
    if kind == "json":
        coco(tmp_path / "labels/all.json", ["a"], size=(48, 64), annotations=[
            {"id": 0, "image_id": 0, "category_id": 3, "bbox": [24, 12, 16, 24]}
        ])  # fmt: skip
    else:
        text = voc(("person", 24, 12, 40, 36), size=(48, 64)) if kind == "xml" else "0 0.5 0.5 0.25 0.5\n"
        write_label(tmp_path / f"labels/a.{kind}", text)
    layout = Folder(tmp_path, PairOptions(resize="infrared"))
    assert layout.load("test", "detect")[0].target == PERSON
    assert check_dataset(layout, "detect").problems == ()


def test_sequences_keep_their_own_labels(tmp_path: Path) -> None:
    for sequence, size in (("s1", 0.25), ("s2", 0.5)):
        write_pairs(tmp_path / sequence / "visible", tmp_path / sequence / "lwir", ["a"])
        write_label(tmp_path / sequence / "labels/a.txt", f"0 0.5 0.5 {size} 0.5\n")
    write_label(tmp_path / "classes.txt", "person\n")
    widths = [target.xyxy[0][2] - target.xyxy[0][0] for target in load(tmp_path)]
    assert widths == [8, 16]


def test_real_labelled_pairs_load(shared: Path) -> None:
    for folder, split, count in (("roadscene_flir", "test", 72), ("flir_mini", "test", 44)):
        root = shared / "data" / folder
        if not (root / "README.md").is_file():
            pytest.skip("not here")
        with pytest.raises(DatasetError, match=r"classes\.txt"):
            load_dataset("folder", root, split, "detect")  # type: ignore[arg-type]
        if folder == "roadscene_flir":
            assert len(load_dataset("roadscene", root, split, "detect")) == count
