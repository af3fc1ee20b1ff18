"""The task "detect": how well a detector sees in the fused images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from datasets.base import Boxes, Labels
from downstream.cost.quantities import FUSER_FACTS
from downstream.detect.quantities import PRIMARY, QUANTITIES
from downstream.detect.settings import DetectionSettings
from downstream.detect.training_cell import DetectorCell
from downstream.grid.cell import Place
from downstream.methods import Method
from downstream.pairs import Pairs
from downstream.side_by_side import say_what_cannot_stand_beside
from downstream.task import Measured, fuser_facts
from downstream.trained_task import TrainedTaskCell, find_teacher, marks_of
from downstream.trainings import NetworkCell
from suite.records import timed
from suite.rows import Quantity

if TYPE_CHECKING:
    from datasets.base import PairedDataset
    from downstream.detect.scoring import DetectionScores


@dataclass(frozen=True, kw_only=True)
class DetectCell(TrainedTaskCell):
    """mAP of one method and seed."""

    kind: ClassVar[str] = "detect"
    labels: ClassVar[Labels | None] = "detect"
    laboratory: ClassVar[Mapping[str, Any]] = {
        # A start that ships, so that few epochs are enough; it has seen visible, infrared and average images equally.
        "model": "yolov8n-laboratory.pt",
        "epochs": 4,
        "imgsz": 192,
        "batch": 8,
        "nominal_batch": 8,
    }
    quantities: ClassVar[Mapping[str, Quantity]] = {**QUANTITIES, **FUSER_FACTS}
    primary: ClassVar[str] = PRIMARY
    headline: ClassVar[tuple[str, ...]] = ("map50", "map50_95", "precision", "recall")
    network: ClassVar[type[NetworkCell]] = DetectorCell
    settings: DetectionSettings

    @classmethod
    def resolve(cls, settings: Any, methods: Sequence[Method], pairs: Pairs | None, place: Place) -> dict[str, Any]:
        """The detector by the content of its files, and whose images train it."""
        from downstream.detect.classes import map_classes
        from downstream.detect.detectors import build_detector

        assert pairs is not None
        detector = build_detector(settings, place.workdir)
        if not settings.trains:
            map_classes(detector.classes, pairs.classes("detect"))
        say_what_cannot_stand_beside(place.workdir, "detect", settings.protocol_name, pairs, methods)
        return {"marks": marks_of(detector.identity, settings), "teacher": find_teacher(settings, methods)}

    @property
    def workload(self) -> str:
        """Data and size of the images."""
        return f"detect {self.pairs and self.pairs.fingerprint} {self.settings.model} {self.settings.imgsz}"

    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        """Predict on the test images once, and score."""
        from downstream.detect.artefacts import write_artefacts
        from downstream.detect.classes import map_classes
        from downstream.detect.confusion import confusion_content
        from downstream.detect.detector import predict_boxes
        from downstream.detect.detectors import build_detector
        from downstream.detect.matching import Truth
        from downstream.detect.scoring import score_detections
        from downstream.gallery import write_compact_json
        from suite.device import resolve_device

        assert self.pairs is not None
        test = self.pairs.load("test", "detect", place.workdir)
        fused = self.fuse_cell("test").fused("test", place.workdir)
        detector = build_detector(self.settings, place.workdir)
        training = self.training
        mapped = None if training else map_classes(detector.classes, test.classes)
        with timed(seconds, "predict"):
            detections = predict_boxes(
                detector,
                training.weights(place.workdir) if training else None,
                [fused.image(sample.id) for sample in test],
                class_map=mapped.labels if mapped else None,
                device=resolve_device(place.device),
                threads=place.threads,
            )
        with timed(seconds, "score"):
            truths = [Truth.of(sample.target) for sample in test if isinstance(sample.target, Boxes)]
            ids = [sample.id for sample in test]
            scores = score_detections(
                ids,
                detections,
                truths,
                test.classes,
                resamples=self.settings.resamples,
                left_out=mapped.left_out if mapped else (),
                subsets=[sample.subsets for sample in test] if any(sample.subsets for sample in test) else (),
            )

        def fill(folder: Path) -> None:
            write_artefacts(folder, test, fused, detections, scores.pr_curve, scores.replicates)
            content = confusion_content(
                detections, truths, test.classes, scores.point.confidence, mapped.left_out if mapped else ()
            )
            write_compact_json(folder / "confusion.json", content)
            if training:
                training.copy_curve(place.workdir, folder)

        return Measured(
            scores=[*scores.scores, *fuser_facts(fused)],
            per_image=scores.per_image,
            notes=(*self._notes(test, scores), *([mapped.note] if mapped else [])),
            write_artefacts=fill,
        )

    def _notes(self, test: PairedDataset, scores: DetectionScores) -> tuple[str, ...]:
        return (
            *(f"{key}: {value}" for key, value in test.facts.items()),
            "mAP by the COCO definition (101 recall points, at most 100 predictions per image and class); intervals: "
            f"bootstrap over test images, {self.settings.resamples} draws.",
            f"Precision and recall at confidence {scores.point.confidence:.3f}, where the mean F1 is greatest.",
        )
