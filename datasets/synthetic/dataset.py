"""Reading a synthetic dataset. Images are ours and free of terms; made by `datasets.synthetic.writer`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from datasets.base import Boxes, Layout, MaskPath, PairedDataset, Sample, Task, pair_by_name
from datasets.errors import DatasetError, list_offenders
from datasets.synthetic.settings import BOX_CLASSES, EVIDENCE, MASK_CLASSES
from datasets.synthetic.writer import read_manifest


class Synthetic(Layout):
    """Procedurally drawn street scenes with boxes, masks and the evidence of every object."""

    name = "synthetic"
    title = "drawn street scenes in which it is known which modality shows each object; boxes and masks"
    licence = "drawn by this package; no terms"
    paper = "none"
    tasks = ("quality", "detect", "segment")
    classes = BOX_CLASSES
    ignore_index = 0
    expected = (
        "  scenes.json\n"
        "  visible/{train,val,test}/NNNNNN.png\n"
        "  infrared/{train,val,test}/NNNNNN.png\n"
        "  Annotations/NNNNNN.xml            boxes, each with its <evidence>\n"
        "  Label/{train,val,test}/NNNNNN.png     FMB class ids\n"
        "  Evidence/{train,val,test}/NNNNNN.png  0 none, 1 both, 2 infrared, 3 visible\n"
        "Make one: python -m datasets sample OUT"
    )

    def scan(self, split: str, task: Task) -> list[Sample]:
        """The samples of one split, with boxes for "detect" and masks for "segment"."""
        read_manifest(self.root)
        pairs = pair_by_name(self.name, self.root / "visible" / split, self.root / "infrared" / split, (".png",))
        samples, faults = [], []
        for identity, visible, infrared in pairs:
            try:
                target = self._target(identity, split, task)
            except DatasetError as error:
                faults.append(str(error))
                continue
            samples.append(Sample(id=identity, visible=visible, infrared=infrared, target=target, group=identity))
        if faults:
            raise DatasetError(
                f"synthetic: {len(faults)} faulty labels in {split}.\n{list_offenders(faults)}\n"
                f"Delete {self.root} and make it again: python -m datasets sample {self.root}"
            )
        return samples

    def load(self, split: str, task: Task) -> PairedDataset:
        """`scan` as a dataset; the classes are FMB's for "segment", those of the boxes otherwise."""
        loaded = super().load(split, task)
        if task == "segment":
            return dataclasses.replace(loaded, classes=MASK_CLASSES)
        return dataclasses.replace(loaded, ignore_index=None)

    def facts(self, split: str, task: Task) -> Mapping[str, str]:
        """Settings fingerprint of the drawing and how evidence is defined."""
        manifest = read_manifest(self.root)
        return {
            "labels": "exact, drawn together with the images",
            "drawing": f"version {manifest.get('version')}, settings {manifest['fingerprint']}",
            "evidence": "both, infrared (no contrast in visible) or visible (no contrast in infrared), for each object",
        }

    def _target(self, identity: str, split: str, task: Task) -> Boxes | MaskPath | None:
        if task == "detect":
            return read_voc(self.root / "Annotations" / f"{identity}.xml")
        if task == "segment":
            name = f"{identity}.png"
            label, evidence = self.root / "Label" / split / name, self.root / "Evidence" / split / name
            missing = [str(path) for path in (label, evidence) if not path.is_file()]
            if missing:
                raise DatasetError(f"{identity}: no {', '.join(missing)}")
            return MaskPath(path=label, evidence=evidence)
        return None


def read_voc(path: Path) -> Boxes:
    """Boxes with evidence from one annotation of a synthetic dataset.

    Raises:
        DatasetError: the file is missing or broken, a class or evidence is unknown, or a box lies outside its image.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise DatasetError(f"{path.name}: cannot be read ({error})") from error
    width, height = _number(root, "size/width", path), _number(root, "size/height", path)
    boxes, labels, evidence = [], [], []
    for node in root.findall("object"):
        name, kind = node.findtext("name", ""), node.findtext("evidence", "")
        if name not in BOX_CLASSES:
            raise DatasetError(f"{path.name}: class {name!r}, known are {', '.join(BOX_CLASSES)}")
        if kind not in EVIDENCE:
            raise DatasetError(f"{path.name}: evidence {kind!r}, known are {', '.join(EVIDENCE)}")
        x0, y0, x1, y1 = (_number(node, f"bndbox/{key}", path) for key in ("xmin", "ymin", "xmax", "ymax"))
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            raise DatasetError(f"{path.name}: box {x0:g} {y0:g} {x1:g} {y1:g} outside {height:g}x{width:g} (HxW)")
        boxes.append((x0, y0, x1, y1))
        labels.append(BOX_CLASSES.index(name))
        evidence.append(kind)
    return Boxes(xyxy=tuple(boxes), labels=tuple(labels), evidence=tuple(evidence))


def _number(node: ElementTree.Element, key: str, path: Path) -> float:
    text = node.findtext(key, "")
    try:
        return float(text)
    except ValueError:
        raise DatasetError(f"{path.name}: {key} is {text!r}, expected a number") from None
