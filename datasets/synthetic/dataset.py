"""Reading a synthetic dataset, as `datasets.synthetic.writer` wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets.annotations import read_boxes
from datasets.base import Boxes, Labels, MaskPath, Sample
from datasets.layouts.folders import find_dir, require_dir, stray_labels
from datasets.layouts.survey import SurveyedLayout
from datasets.problems import Problem
from datasets.synthetic.settings import BOX_CLASSES, MASK_CLASSES
from datasets.synthetic.writer import MANIFEST, read_manifest


class Synthetic(SurveyedLayout):
    """Procedurally drawn street scenes with boxes, masks and the evidence of every object."""

    name = "synthetic"
    title = "drawn street scenes in which it is known which modality shows each object; boxes and masks"
    licence = "drawn by this package; no terms"
    paper = "none"
    tasks = ("quality", "detect", "segment")
    classes = BOX_CLASSES
    suffixes = (".png",)
    expected = (
        "  scenes.json\n"
        "  visible/{train,val,test}/000000.png\n"
        "  infrared/{train,val,test}/000000.png\n"
        "  Annotations/000000.xml                 (Pascal VOC, each object with its <evidence>)\n"
        "  Label/{train,val,test}/000000.png      (FMB class ids)\n"
        "  Evidence/{train,val,test}/000000.png   (0 none, 1 both, 2 infrared, 3 visible)\n"
        "Make one: python -m datasets sample OUT"
    )

    def folders(self, split: str) -> tuple[Path, Path]:
        """See `SurveyedLayout.folders`; every split has its own."""
        read_manifest(self.root)
        visible, infrared = (
            require_dir(self, require_dir(self, self.root, (name,)), (split,)) for name in ("visible", "infrared")
        )
        return visible, infrared

    def classes_for(self, task: Labels) -> tuple[str, ...]:
        """Those of FMB for "segment", those of the boxes otherwise."""
        return MASK_CLASSES if task == "segment" else BOX_CLASSES

    def ignore_index_for(self, task: Labels) -> int | None:
        """Masks have an unlabelled class, boxes have none."""
        return 0 if task == "segment" else None

    def companions(self) -> tuple[Path, ...]:
        """The manifest, without which the folder is no synthetic dataset."""
        return (self.root / MANIFEST,)

    def label_path(self, sample: Sample, task: Labels) -> Path | None:
        """`Annotations/<id>.xml` for boxes, `Label/<split>/<id>.png` for masks."""
        if task == "detect":
            return self.root / "Annotations" / f"{sample.id}.xml"
        if task == "segment":
            return self.root / "Label" / sample.visible.parent.name / f"{sample.id}.png"
        return None

    def read_label(self, path: Path, sample: Sample, task: Labels) -> tuple[Boxes | MaskPath | None, list[Problem]]:
        """The boxes with their evidence, or the mask with the mask of its evidence."""
        if task == "segment":
            evidence = self.root / "Evidence" / path.parent.name / path.name
            if not evidence.is_file():
                return None, [Problem(kind="image without label", id=sample.id, detail=f"no evidence {evidence}")]
            return MaskPath(path=path, evidence=evidence), []
        boxes, problems = read_boxes(path, self.classes, sample)
        if not problems and len(boxes.evidence) != len(boxes):
            detail = f"{path.name} names no evidence; every object of a synthetic scene has one"
            problems = [Problem(kind="unreadable label", id=sample.id, detail=detail)]
        return boxes, problems

    def stray_labels(self, split: str, task: Labels) -> list[Problem]:
        """Labels of no image; the annotations of all splits share one folder."""
        visible = self.root / "visible"
        if task == "detect":
            return stray_labels((self.root / "Annotations").glob("*.xml"), visible.glob("*/*"), visible)
        folder = find_dir(self.root / "Label", (split,)) if task == "segment" else None
        return stray_labels(folder.iterdir(), (visible / split).iterdir(), visible / split) if folder else []

    def survey_names(self, ids: Sequence[str]) -> list[Problem]:
        """Names that are not the six digits of a scene."""
        return [
            Problem(kind="layout", id=name, detail=f"{name!r} is no scene; ids are six digits")
            for name in ids
            if not (len(name) == 6 and name.isdecimal())
        ]

    def group_of(self, sample_id: str) -> str:
        """Every scene is its own group: no two are alike."""
        return sample_id

    def facts(self, split: str, task: Labels) -> Mapping[str, str]:
        """Which drawing this is, and how evidence is defined."""
        manifest = read_manifest(self.root)
        return {
            **super().facts(split, task),
            "labels": "exact, drawn together with the images",
            "drawing": f"version {manifest.get('version')}, settings {manifest['fingerprint']}",
            "evidence": "both, infrared (no contrast in visible) or visible (no contrast in infrared), by object",
        }
