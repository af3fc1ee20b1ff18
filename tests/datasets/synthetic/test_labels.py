"""Boxes of what is seen of an object, and the VOC text of a scene."""

from __future__ import annotations

from xml.etree import ElementTree

from datasets.synthetic.canvas import Canvas, Part, Stamp, polygon
from datasets.synthetic.labels import LabelledObject, find_objects, to_voc
from datasets.synthetic.settings import MASK_IDS


def test_voc_holds_box_class_and_evidence_as_llvip_writes_them() -> None:
    found = LabelledObject(name="car", evidence="infrared", box=(3, 5, 20, 30), truncated=True)
    root = ElementTree.fromstring(to_voc("000001.png", 96, 128, [found]))
    assert [root.findtext(f"size/{key}") for key in ("width", "height", "depth")] == ["128", "96", "3"]
    node = root.find("object")
    assert node is not None
    assert [node.findtext(key) for key in ("name", "evidence", "truncated")] == ["car", "infrared", "1"]
    assert [node.findtext(f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax")] == ["3", "5", "20", "30"]


def test_voc_of_an_empty_scene_has_no_object() -> None:
    assert ElementTree.fromstring(to_voc("000001.png", 96, 128, [])).find("object") is None


def _two_cars(hidden: float) -> tuple[Canvas, dict[int, tuple[str, str, int]]]:
    """A warm car of 20x10 pixels at (10, 20), of which a nearer unlabelled wall hides that share from the left."""
    canvas = Canvas(64, 64)
    car = [Part((polygon((10, 20), (30, 20), (30, 30), (10, 30)),), (0.5, 0.5, 0.5), 5.0)]
    wall = [Part((polygon((0, 10), (10 + 20 * hidden, 10), (10 + 20 * hidden, 40), (0, 40)),), (0.2, 0.2, 0.2))]
    stamp = Stamp(label=MASK_IDS["car"], evidence="infrared", instance=1)
    canvas.paint(car, stamp)
    whole = int((canvas.instances == 1).sum())
    canvas.paint(wall, Stamp(label=MASK_IDS["building"]))
    return canvas, {1: ("car", "infrared", whole)}


def test_a_box_bounds_what_is_seen_of_a_partly_hidden_object() -> None:
    _, evidence, (found,) = find_objects(*_two_cars(0.5))
    assert found.box[0] in (20, 21)
    assert found.box[1] == 20
    assert found.box[2] in (30, 31)
    assert not found.truncated
    assert (evidence[22:28, 22:28] == 2).all()


def test_an_object_that_is_nearly_hidden_has_neither_box_nor_evidence() -> None:
    mask, evidence, objects = find_objects(*_two_cars(0.8))
    assert objects == ()
    assert not evidence.any()
    assert (mask == MASK_IDS["car"]).any()
