"""The cells whose results are published: what each task says about a method.

Every task runs through the same functions as its own command; here it is only told which fuser of which training.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from downstream.detect.settings import FROZEN_MODEL, DetectionSettings
from downstream.grid.cell import NOT_IDENTITY, Cell, Place
from downstream.grid.settings import CostSettings, QualitySettings
from downstream.methods import FuseCell, Method
from downstream.pairs import Pairs, splits_of
from downstream.segment.settings import SegmentationSettings

if TYPE_CHECKING:
    from datasets.base import PairedDataset
    from diffif.fusers.base import Fuser


@dataclass(frozen=True, kw_only=True)
class QualityCell(Cell):
    """Image metrics of one method on the test split."""

    kind: ClassVar[str] = "quality"
    pairs: Pairs
    method: Method
    settings: QualitySettings
    batch: int = field(default=4, metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        """quality/DATASET/METHOD."""
        return f"quality/{self.pairs.name}/{self.method.label}"

    @property
    def workload(self) -> str:
        """By data and metrics."""
        return f"quality {self.pairs.fingerprint} {self.settings.metrics} {self.settings.convention}"

    def needs(self) -> tuple[Cell, ...]:
        """The fused test images; a part of them is fused by the cell itself."""
        if self.settings.limit is not None:
            return (*self.pairs.needs(), *self.method.needs())
        return (FuseCell(pairs=self.pairs, method=self.method, batch=self.batch),)

    def run(self, place: Place) -> tuple[Path, ...]:
        """See the class."""
        from downstream.quality.__main__ import choose_metrics, limit_pairs
        from downstream.quality.cells import QualityRun, run_cell
        from suite.device import resolve_device

        run = QualityRun(
            dataset=limit_pairs(self.pairs.load("test", "quality", place.workdir), self.settings.limit),
            fusers={self.method.spec: self.method.build(place)},
            metrics=choose_metrics(self.settings.metrics or None, self.settings.convention),
            convention=self.settings.convention,
            workdir=place.workdir,
            device=resolve_device(place.device),
            command=place.command,
            resamples=self.settings.resamples,
            fuse_batch=self.batch,
            ablation=self.method.ablation,
        )
        return (run_cell(run, self.method.spec),)


@dataclass(frozen=True, kw_only=True)
class DetectCell(Cell):
    """mAP of one method and seed."""

    kind: ClassVar[str] = "detect"
    pairs: Pairs
    method: Method
    settings: DetectionSettings
    weights: str = ""
    """Hash of the detector's file, where it is one."""
    teacher: Method | None = None
    """Whose images train the frozen detector."""
    seed: int = 0
    batch: int = field(default=4, metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        """detect/DATASET/METHOD/seedN."""
        return _seeded_title(self.kind, self.pairs, self.method, self.seed)

    @property
    def workload(self) -> str:
        """By data, detector and length of the training."""
        chosen = self.settings
        return f"detect {self.pairs.fingerprint} {chosen.model} {chosen.epochs} {chosen.imgsz} {chosen.protocol_name}"

    def needs(self) -> tuple[Cell, ...]:
        """Fused images of whoever trains the detector, and of the method."""
        trained = self.settings.frozen_on != FROZEN_MODEL
        return _fused(self.pairs, self.method, self.teacher or self.method, self.batch, trained=trained)

    def run(self, place: Place) -> tuple[Path, ...]:
        """See the class."""
        from downstream.detect.cells import DetectionRun, run_cell
        from downstream.detect.detectors import build_detector
        from suite.device import resolve_device

        run = DetectionRun(
            splits=_splits(self.pairs, "detect", place),
            fusers=_fusers(self.method, self.teacher, place),
            settings=self.settings,
            detector=build_detector(self.settings, place.workdir),
            threads=place.threads,
            workdir=place.workdir,
            device=resolve_device(place.device),
            command=place.command,
            fuse_batch=self.batch,
            ablation=self.method.ablation,
        )
        return (run_cell(run, self.method.spec, self.seed),)


@dataclass(frozen=True, kw_only=True)
class SegmentCell(Cell):
    """mIoU of one method and seed."""

    kind: ClassVar[str] = "segment"
    pairs: Pairs
    method: Method
    settings: SegmentationSettings
    weights: str = ""
    """Hash of the encoder's file, where it is one."""
    teacher: Method | None = None
    """Whose images train the frozen network."""
    seed: int = 0
    batch: int = field(default=4, metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        """segment/DATASET/METHOD/seedN."""
        return _seeded_title(self.kind, self.pairs, self.method, self.seed)

    @property
    def workload(self) -> str:
        """By data, network and length of the training."""
        chosen = self.settings
        network = f"{chosen.arch} {chosen.encoder} {chosen.epochs} {chosen.crop} {chosen.protocol_name}"
        return f"segment {self.pairs.fingerprint} {network}"

    def needs(self) -> tuple[Cell, ...]:
        """Fused images of whoever trains the network, and of the method."""
        return _fused(self.pairs, self.method, self.teacher or self.method, self.batch, trained=True)

    def run(self, place: Place) -> tuple[Path, ...]:
        """See the class."""
        from downstream.segment.cells import SegmentationRun, run_cell
        from downstream.segment.segmenters import build_segmenter
        from suite.device import resolve_device

        run = SegmentationRun(
            splits=_splits(self.pairs, "segment", place),
            fusers=_fusers(self.method, self.teacher, place),
            settings=self.settings,
            segmenter=build_segmenter(self.settings),
            threads=place.threads,
            workdir=place.workdir,
            device=resolve_device(place.device),
            command=place.command,
            fuse_batch=self.batch,
            ablation=self.method.ablation,
        )
        return (run_cell(run, self.method.spec, self.seed),)


@dataclass(frozen=True, kw_only=True)
class CostCell(Cell):
    """Time and memory of one method on one kind of machine; alone, since anything beside it would be measured too."""

    kind: ClassVar[str] = "cost"
    exclusive: ClassVar[bool] = True
    method: Method
    settings: CostSettings
    hardware: str
    """The processor or GPU: times of another are another cell."""

    @property
    def title(self) -> str:
        """cost/METHOD."""
        return f"cost/{self.method.label}"

    @property
    def workload(self) -> str:
        """By fuser, steps and sizes."""
        return f"cost {self.method.spec} {self.method.steps} {self.settings.sizes}"

    def needs(self) -> tuple[Cell, ...]:
        """The training, if there is one."""
        return self.method.needs()

    def run(self, place: Place) -> tuple[Path, ...]:
        """See the class."""
        from downstream.cost.__main__ import CostRun, describe_hardware, parse_sizes, run_cell
        from downstream.cost.probe import check_measurable, default_memory_limit
        from suite.device import resolve_device

        fuser = self.method.build(place)
        check_measurable(self.method.spec, fuser)
        chosen, device = self.settings, resolve_device(place.device)
        limit = chosen.memory_limit_gib
        run = CostRun(
            sizes=parse_sizes(chosen.sizes),
            workdir=place.workdir,
            device=device,
            hardware=describe_hardware(device),
            repeats=chosen.repeats,
            warmup=chosen.warmup,
            num_threads=chosen.threads,
            memory_limit_gib=limit if limit is not None else default_memory_limit(),
            limit_is_chosen=limit is not None,
            timeout_seconds=chosen.timeout_seconds,
            command=place.command,
            ablation=self.method.ablation,
        )
        return (run_cell(run, self.method.full_spec(place.workdir), fuser, name=self.method.spec),)


def _seeded_title(kind: str, pairs: Pairs, method: Method, seed: int) -> str:
    # A trained method already names its seed, which is the task's as well.
    tail = "" if method.train else f"/seed{seed}"
    return f"{kind}/{pairs.name}/{method.label}{tail}"


def _fused(pairs: Pairs, method: Method, teacher: Method, batch: int, *, trained: bool) -> tuple[Cell, ...]:
    test = FuseCell(pairs=pairs, method=method, batch=batch)
    return (test, FuseCell(pairs=pairs, method=teacher, splits=("train", "val"), batch=batch)) if trained else (test,)


def _splits(pairs: Pairs, task: Literal["detect", "segment"], place: Place) -> dict[str, PairedDataset]:
    return {split: pairs.load(split, task, place.workdir) for split in splits_of(task)}


def _fusers(method: Method, teacher: Method | None, place: Place) -> dict[str, Fuser]:
    methods = (method, teacher) if teacher else (method,)
    return {one.spec: one.build(place) for one in methods}
