"""The task "segment": how well a network understands the fused images, pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from datasets.base import Labels
from downstream.cost.quantities import FUSER_FACTS
from downstream.grid.cell import Place
from downstream.methods import Method
from downstream.pairs import Pairs
from downstream.segment.quantities import PRIMARY, QUANTITIES
from downstream.segment.settings import SegmentationSettings
from downstream.segment.training_cell import SegmenterCell
from downstream.side_by_side import say_what_cannot_stand_beside
from downstream.task import Measured, fuser_facts
from downstream.trained_task import TrainedTaskCell, find_teacher, marks_of
from downstream.trainings import NetworkCell
from suite.records import timed
from suite.rows import Quantity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from datasets.base import PairedDataset
    from diffif.fusers.fused_set import FusedSet
    from downstream.segment.counts import Counts
    from downstream.segment.scoring import Judged


@dataclass(frozen=True, kw_only=True)
class SegmentCell(TrainedTaskCell):
    """mIoU of one method and seed."""

    kind: ClassVar[str] = "segment"
    labels: ClassVar[Labels | None] = "segment"
    # Random weights on a CPU: there a small convolutional network learns more in the same time.
    laboratory: ClassVar[Mapping[str, Any]] = {
        "arch": "linknet",
        "encoder": "resnet18",
        "encoder_weights": "none",
        "epochs": 25,
        "crop": 128,
        "learning_rate": 1e-3,
    }
    quantities: ClassVar[Mapping[str, Quantity]] = {**QUANTITIES, **FUSER_FACTS}
    primary: ClassVar[str] = PRIMARY
    headline: ClassVar[tuple[str, ...]] = ("miou", "pixel_accuracy", "boundary_f1")
    network: ClassVar[type[NetworkCell]] = SegmenterCell
    settings: SegmentationSettings

    @classmethod
    def resolve(cls, settings: Any, methods: Sequence[Method], pairs: Pairs | None, place: Place) -> dict[str, Any]:
        """The encoder's weights by their content, and whose images train the network."""
        from downstream.segment.segmenters import build_segmenter

        segmenter = build_segmenter(settings)
        if pairs is not None:
            say_what_cannot_stand_beside(place.workdir, "segment", settings.protocol_name, pairs, methods)
        marks = {**marks_of(segmenter.identity, settings), "encoder_weights": Path(settings.encoder_weights).name}
        return {"marks": marks, "teacher": find_teacher(settings, methods)}

    @property
    def workload(self) -> str:
        """Data and network."""
        chosen = self.settings
        return f"segment {self.pairs and self.pairs.fingerprint} {chosen.arch} {chosen.encoder}"

    def measure(self, place: Place, seconds: dict[str, float]) -> Measured:
        """Predict on the test images once, and score."""
        from downstream.segment.artefacts import write_artefacts
        from downstream.segment.scoring import per_image_table, score_segmentation

        assert self.pairs is not None
        assert self.training is not None
        chosen, training = self.settings, self.training
        test = self.pairs.load("test", "segment", place.workdir)
        fused = self.fuse_cell("test").fused("test", place.workdir)
        unlabelled = None if chosen.classes == "all" else test.ignore_index
        with timed(seconds, "predict"):
            judged, shown = self._predict(training.weights(place.workdir), test, fused, unlabelled, place)
        with timed(seconds, "score"):
            scores, replicates = score_segmentation(
                judged, test.classes, chosen.classes, test.ignore_index, resamples=chosen.resamples
            )

        def fill(folder: Path) -> None:
            write_artefacts(folder, test, fused, shown, judged.counts, unlabelled, replicates)
            training.copy_curve(place.workdir, folder)

        return Measured(
            scores=[*scores, *fuser_facts(fused)],
            per_image=per_image_table(judged, test.classes, chosen.classes, test.ignore_index),
            notes=(
                *(f"{key}: {value}" for key, value in test.facts.items()),
                f"mIoU from counts summed over the test images, classes counted as {chosen.classes!r}; intervals: "
                f"bootstrap over test images, {chosen.resamples} draws.",
            ),
            write_artefacts=fill,
        )

    def _predict(
        self, weights: Path, test: PairedDataset, fused: FusedSet, unlabelled: int | None, place: Place
    ) -> tuple[Judged, dict[str, NDArray[np.uint8]]]:
        """Counts of every image, and the class maps of the images that the report shows."""
        from downstream.gallery import example_samples
        from downstream.segment.boundary import boundary_f1
        from downstream.segment.counts import count_image
        from downstream.segment.scoring import Judged
        from downstream.segment.segmenter import mask_of, masked_images, read_mask
        from downstream.segment.segmenters import build_segmenter
        from suite.device import resolve_device

        masked = masked_images(fused, test)
        predictions = build_segmenter(self.settings).predict(
            weights,
            masked.images,
            num_classes=masked.num_classes,
            ignore_index=masked.ignore_index,
            device=resolve_device(place.device),
            threads=place.threads,
        )
        kept = {sample.id for sample in example_samples(test)}
        counts: dict[str, Counts] = {}
        boundary: dict[str, float] = {}
        shown: dict[str, NDArray[np.uint8]] = {}
        for sample, predicted in zip(test, predictions, strict=True):
            truth, evidence = read_mask(mask_of(sample))
            counts[sample.id] = count_image(truth, predicted, len(test.classes), evidence)
            boundary[sample.id] = boundary_f1(truth, predicted, unlabelled=unlabelled)
            if sample.id in kept:
                shown[sample.id] = predicted
        return Judged(counts=counts, boundary=boundary), shown
