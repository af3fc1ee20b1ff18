"""The VOC text of a scene."""

from __future__ import annotations

from xml.etree import ElementTree

from datasets.synthetic.labels import LabelledObject, to_voc


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
