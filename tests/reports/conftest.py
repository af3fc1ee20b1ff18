"""Fabricated working folders: seeded random numbers written through the real record writer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from suite.records import Record, cell_id, write_record
from suite.rows import Row
from suite.statistics.intervals import NO_INTERVAL, describe_draws, mean_interval, resample_counts, score_interval

Told = tuple[str, float, float, float, bool | None]
"""Metric, value, interval, direction."""

FUSERS = ("visible", "infrared", "average", "max", "laplacian", "ddcgan", "cddfuse", "diffif")
SKILL = {"visible": -0.2, "infrared": -0.12, "average": -0.04, "max": -0.05, "laplacian": 0.0, "diffif": 0.05}
QUALITY = {"en": True, "sd": True, "mi": True, "scd": True, "vif": True, "qabf": True, "ssim": True, "mse": False}
SCALE = {"en": 7.0, "sd": 40.0, "mi": 2.5, "scd": 1.4, "vif": 0.8, "qabf": 0.55, "ssim": 0.7, "mse": 0.04}
CLASSES = ("person", "car", "bicycle")
EVIDENCE = ("both", "infrared", "visible")
LABELS = {
    "map50": "mAP50", "map50_95": "mAP50-95", "ap50": "AP50", "miou": "mIoU", "iou": "IoU", "precision": "Precision",
    "recall": "Recall", "pixel_accuracy": "Pixel accuracy", "ms": "Time", "flops": "FLOPs", "parameters": "Parameters",
}  # fmt: skip
UNITS = {"ms": "ms", "flops": "FLOP", "parameters": "parameter"}
PRIMARY = {"detect": "map50", "segment": "miou"}
ENVIRONMENT = {"python": "3.11", "versions": {"torch": "2.15.0"}, "accelerator": "none", "commit": "0123456789ab"}


@dataclass(frozen=True)
class Fabricator:
    """Writes cells of any grid into `workdir`; the same arguments give the same numbers."""

    workdir: Path
    size: tuple[int, int] = (96, 128)

    def quality(self, fuser: str, dataset: str = "llvip", *, images: int = 30, **more: object) -> str:
        generator = _generator("quality", dataset, fuser, more)
        difficulty = _generator("difficulty", dataset).normal(0, 0.1, images)
        frames, rows = [], []
        for metric, higher in QUALITY.items():
            skill = _skill(fuser, more) * (1 if higher else -1)
            values = SCALE[metric] * (1 + skill + difficulty + generator.normal(0, 0.05, images))
            frames.append(pd.DataFrame({"id": _ids(images), "metric": metric, "value": values}))
            rows.append((metric, values.mean(), *mean_interval(values), higher))
        rows += [("ms", 20.0 + len(fuser), *NO_INTERVAL, None), ("parameters", 0.0, *NO_INTERVAL, None)]
        return self._write("quality", fuser, dataset, rows, pd.concat(frames), images, None, more)

    def detect(
        self,
        fuser: str,
        dataset: str = "llvip",
        *,
        images: int = 30,
        gallery: int = 0,
        subsets: Sequence[str] = (),
        **more: object,
    ) -> str:
        generator = _generator("detect", dataset, fuser, more)
        skill = _skill(fuser, more) + generator.normal(0, 0.01)
        means = {"map50": 0.75, "map50_95": 0.45, "precision": 0.8, "recall": 0.7}
        means |= {f"ap50/{name}": 0.7 + 0.02 * i for i, name in enumerate(CLASSES)}
        for name in EVIDENCE:
            lost = 0.6 if (fuser, name) in (("visible", "infrared"), ("infrared", "visible")) else 0.0
            means[f"map50/evidence:{name}"] = 0.75 - lost
        means |= {f"map50/subset:{name}": 0.6 + 0.1 * i for i, name in enumerate(subsets)}
        scores = {metric: float(np.clip(value + skill, 0.02, 0.98)) for metric, value in means.items()}
        difficulty = _generator("difficulty", dataset).normal(0, 0.1, images)
        values = np.clip(0.7 + skill + difficulty + generator.normal(0, 0.08, images), 0, 1)
        frame = pd.DataFrame({"id": _ids(images), "metric": "map50", "value": values})
        found = generator.binomial(3, np.clip(0.7 + skill, 0, 1), images)
        counts = {"tp": found, "fn": 3 - found, "fp": generator.poisson(0.4, images)}
        frame = pd.concat(
            [frame, *(pd.DataFrame({"id": _ids(images), "metric": k, "value": v}) for k, v in counts.items())]
        )
        rows, artefacts = self._bootstrapped(
            scores, dataset, images, generator, f"detect-{fuser}-{sorted(more.items())}"
        )
        self._detector_artefacts(artefacts, generator, skill, gallery)
        return self._write("detect", fuser, dataset, rows, frame, images, artefacts, more)

    def segment(self, fuser: str, dataset: str = "fmb", *, images: int = 30, **more: object) -> str:
        generator = _generator("segment", dataset, fuser, more)
        skill = _skill(fuser, more) + generator.normal(0, 0.01)
        means = {"miou": 0.6, "miou/all": 0.5, "pixel_accuracy": 0.8}
        means |= {f"iou/{name}": 0.55 + 0.05 * i for i, name in enumerate(CLASSES)}
        scores = {metric: float(np.clip(value + skill, 0.02, 0.98)) for metric, value in means.items()}
        rows, artefacts = self._bootstrapped(
            scores, dataset, images, generator, f"segment-{fuser}-{sorted(more.items())}"
        )
        rows.append(("iou/truck", float("nan"), *NO_INTERVAL, True))
        matrix = np.round(1000 * (np.eye(3) * (0.6 + skill) + 0.1)).astype(int)
        content = {"classes": list(CLASSES), "matrix": matrix.tolist(), "rows": "truth", "columns": "predicted"}
        (artefacts / "confusion.json").write_text(json.dumps(content), encoding="utf-8")
        values = np.clip(0.6 + skill + generator.normal(0, 0.08, images), 0, 1)
        frame = pd.DataFrame({"id": _ids(images), "metric": "miou", "value": values})
        return self._write("segment", fuser, dataset, rows, frame, images, artefacts, more)

    def cost(self, fuser: str, **more: object) -> str:
        generator = _generator("cost", fuser)
        weight = 1 + 10 * abs(_skill(fuser, more)) + generator.random()
        rows: list[Told] = [
            ("ms/480x640", 20 * weight, *NO_INTERVAL, False),
            ("flops/480x640", 2e9 * weight, *NO_INTERVAL, None),
        ]
        rows += [("parameters", 1e6 * weight, *NO_INTERVAL, None)]
        return self._write("cost", fuser, "random", rows, None, 20, None, more)

    def _bootstrapped(
        self, scores: dict[str, float], dataset: str, images: int, generator: np.random.Generator, name: str
    ) -> tuple[list[Told], Path]:
        """Rows with intervals, and a folder with the replicates that they come from."""
        counts = resample_counts(images, num_resamples=200)
        difficulty = _generator("difficulty", dataset).normal(0, 0.1, images)
        rows, replicates = [], {}
        for metric, value in scores.items():
            single = difficulty + generator.normal(0, 0.05, images)
            drawn = np.clip(value + counts @ (single - single.mean()) / images, 0, 1)
            rows.append((metric, value, *score_interval(value, drawn, images), True))
            replicates[metric] = drawn.tolist()
        folder = self.workdir / "fabricated" / hashlib.sha256(name.encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        content = {"draws": describe_draws(dataset, images, 200), "num_images": images, "replicates": replicates}
        (folder / "bootstrap.json").write_text(json.dumps(content), encoding="utf-8")
        return rows, folder

    def _detector_artefacts(self, folder: Path, generator: np.random.Generator, skill: float, gallery: int) -> None:
        recall = np.linspace(0, 1, 101)
        precision = np.clip(1 - recall**4 * (0.6 - skill), 0, 1)
        curve = {"recall": recall.tolist(), "precision": {"all": precision.tolist()}}
        (folder / "pr_curve.json").write_text(json.dumps(curve), encoding="utf-8")
        epochs = np.arange(1, 11)
        learned = pd.DataFrame({"epoch": epochs, "loss": 3 / epochs**0.5, "map50": (0.7 + skill) * (1 - 0.7**epochs)})
        learned.to_csv(folder / "training.csv", index=False)
        if gallery:
            write_gallery(folder / "gallery", generator, _ids(gallery), self.size)

    def _write(
        self,
        task: str,
        fuser: str,
        dataset: str,
        rows: Sequence[Told],
        per_image: pd.DataFrame | None,
        images: int,
        artefacts: Path | None,
        more: dict[str, object],
    ) -> str:
        seed, split = more.get("seed"), str(more.get("split", "test"))
        variant, protocol = str(more.get("variant", "full")), str(more.get("protocol", ""))
        told = {key: value for key, value in more.items() if key != "started"}
        settings = {"fuser": fuser, "dataset": {"name": dataset, "fingerprint": "f00d"}, **told}
        cell = cell_id(task, settings)
        record = Record(
            cell_id=cell,
            task=task,
            settings=settings,
            rows=tuple(
                Row(
                    dataset=dataset, split=split, task=task, fuser=fuser, variant=variant, protocol=protocol, seed=seed,
                    metric=metric, label=LABELS.get(metric.partition("/")[0], metric.upper()), unit=_unit(metric),
                    value=value, ci_low=low, ci_high=high, n=images, higher_is_better=higher,
                )
                for metric, value, low, high, higher in rows
            ),
            command=f"python -m downstream.{task} --fuser {fuser} --dataset {dataset}",
            started=str(more.get("started", "2025-01-01T00:00:00Z")),
            primary=PRIMARY.get(task, ""),
            seconds={"fuse": 1.5, task: 12.25},
            notes=("Fabricated for a test.",),
            environment=ENVIRONMENT,
        )  # fmt: skip
        write_record(self.workdir, record, per_image=per_image, artefacts=artefacts)
        return cell


def write_gallery(folder: Path, generator: np.random.Generator, ids: Sequence[str], size: tuple[int, int]) -> None:
    """Small drawings in the layout that the detection task writes."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    height, width = size
    for place, name in enumerate(ids):
        x, y = 10 + place % 5 * 8, 12
        for layer, grey in (("visible", 60), ("infrared", 150), ("fused", 110)):
            image = Image.new("RGB", (width, height), (grey, grey, grey // 2 if layer == "visible" else grey))
            ImageDraw.Draw(image).rectangle((x, y, x + 24, y + 60), fill=(230, 230, 230))
            image.save(folder / f"{name}.{layer}.jpg")
        mask = Image.new("L", (width, height), 0)
        ImageDraw.Draw(mask).rectangle((x, y, x + 24, y + 60), fill=8)
        mask.save(folder / f"{name}.mask.png")
        shift = float(generator.normal(0, 2))
        entries.append({
            "id": name, "visible": f"{name}.visible.jpg", "infrared": f"{name}.infrared.jpg",
            "fused": f"{name}.fused.jpg", "size": [height, width],
            "boxes_truth": [[x, y, x + 24, y + 60, "person"]],
            "boxes_predicted": [[x + shift, y, x + 24 + shift, y + 60, "person", 0.83]],
            "mask_truth": f"{name}.mask.png", "mask_predicted": f"{name}.mask.png",
        })  # fmt: skip
    (folder / "gallery.json").write_text(json.dumps(entries), encoding="utf-8")


def fabricate_everything(workdir: Path, fusers: Sequence[str] = FUSERS, *, images: int = 30, gallery: int = 4) -> None:
    """All tasks, two seeds where a task has seeds, an ablation, and one missing cell."""
    make = Fabricator(workdir)
    for fuser in fusers:
        make.quality(fuser, images=images)
        make.cost(fuser)
        for seed in (0, 1):
            make.detect(fuser, images=images, gallery=gallery, seed=seed, protocol="retrain", epochs=10)
            if (fuser, seed) != ("max", 1):
                make.segment(fuser, images=images, seed=seed, protocol="retrain")
    for variant in ("prior-weight=0.5", "prior-weight=2", "prior-weight=8"):
        make.quality("diffif", images=images, variant=variant)
    for variant in ("no-prior", "no-search"):
        make.quality("diffif", images=images, variant=variant)
        for seed in (0, 1):
            make.detect("diffif", images=images, seed=seed, variant=variant, protocol="retrain", epochs=10)


@pytest.fixture
def fabricator(tmp_path: Path) -> Fabricator:
    return Fabricator(tmp_path / "work")


@pytest.fixture(scope="session")
def full_workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workdir = tmp_path_factory.mktemp("report") / "work"
    fabricate_everything(workdir)
    return workdir


@pytest.fixture(scope="session")
def report(full_workdir: Path) -> Path:
    """The built page of the full folder."""
    from reports.page import build_report

    return build_report(full_workdir).page


def _ids(count: int) -> list[str]:
    return [f"{200000 + i:06d}" for i in range(count)]


def _unit(metric: str) -> str:
    stem = metric.partition("/")[0]
    return UNITS.get(stem, "fraction" if stem in LABELS else "")


def _skill(fuser: str, more: dict[str, object]) -> float:
    variant = str(more.get("variant", "full"))
    return SKILL.get(fuser, 0.001 * (sum(map(ord, fuser)) % 60)) - 0.15 * ("no-prior" in variant)


def _generator(*parts: object) -> np.random.Generator:
    return np.random.default_rng(list(repr(parts).encode()))
