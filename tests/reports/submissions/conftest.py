"""A working folder as the suite leaves it, and submissions made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from reports.submissions.manifest import Manifest
from reports.submissions.writing import write_submission
from suite.records import Record, write_record
from suite.rows import Row
from suite.settings import fingerprint
from suite.statistics.intervals import mean_interval, resample_counts, score_interval

IDS = tuple(f"{200000 + i}" for i in range(12))
METRICS = {"vif": 0.7, "qabf": 0.5, "ssim": 1.3}
ENVIRONMENT = {"python": "3.11", "system": "Linux x86_64", "cpu_count": 2, "accelerator": "none", "commit": "0" * 40}
ABOUT = Manifest(
    method="average", fuser="average", paper="none", code="this suite", weights="none", hardware="", licence="MIT"
)


@dataclass(frozen=True)
class Maker:
    """Writes the cells and fused images of fusers into one working folder."""

    workdir: Path

    def everything(self, fuser: str, skill: float = 0.0) -> None:
        self.fused(fuser)
        self.quality(fuser, skill)
        for seed in (0, 1):
            self.detect(fuser, seed, skill)
        self.cost(fuser, 10.0 * (1 + abs(skill)))

    def fused(self, fuser: str) -> None:
        folder = self.workdir / "fused" / f"synthetic-test-{fuser}-{_mark(fuser)}"
        (folder / "images").mkdir(parents=True)
        generator = _generator("images", fuser)
        for one in IDS:
            Image.fromarray(generator.integers(0, 256, (8, 10, 3), dtype=np.uint8)).save(
                folder / "images" / f"{one}.png"
            )
        manifest = {
            "dataset": {"name": "synthetic", "split": "test"},
            "fuser": {"spec": fuser, "fingerprint": _mark(fuser)},
            "seconds": dict.fromkeys(IDS, 0.01),
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        cell = self.workdir / "cells" / f"fuse-{_mark(fuser)}"
        cell.mkdir(parents=True)
        (cell / "request.json").write_text(json.dumps({"settings": {"pairs": {"fingerprint": "f00d"}}}))
        (cell / "done.json").write_text(json.dumps({"outputs": [f"fused/{folder.name}"]}))

    def quality(self, fuser: str, skill: float) -> None:
        rows, frames = [], []
        shared = _generator("scenes").normal(0, 0.05, len(IDS))
        for metric, level in METRICS.items():
            values = level + skill + shared + _generator(fuser, metric).normal(0, 0.01, len(IDS))
            frames.append(pd.DataFrame({"id": IDS, "metric": metric, "value": values}))
            low, high = mean_interval(values)
            rows.append(_row(fuser, "quality", metric, float(values.mean()), low, high, unit=""))
        rows.append(_row(fuser, "quality", "parameters", 0.0, unit="parameter", higher=None))
        self._write(fuser, "quality", rows, {"convention": "standard", "split": "test"}, per_image=pd.concat(frames))

    def detect(self, fuser: str, seed: int, skill: float) -> None:
        values = np.clip(0.6 + skill + _generator("detect", fuser, seed).normal(0, 0.1, len(IDS)), 0, 1)
        value = float(values.mean())
        drawn = resample_counts(len(IDS), num_resamples=200) @ values / len(IDS)
        low, high = score_interval(value, drawn, len(IDS))
        rows = [_row(fuser, "detect", "map50", value, low, high, seed=seed, protocol="retrain")]
        artefacts = self.workdir / f"artefacts-{fuser}-{seed}"
        artefacts.mkdir()
        content = {"draws": "f00d-12-200-seed0", "num_images": len(IDS), "replicates": {"map50": drawn.tolist()}}
        (artefacts / "bootstrap.json").write_text(json.dumps(content))
        frame = pd.DataFrame({"id": IDS, "metric": "map50", "value": values})
        marks = {"library": "ultralytics", "version": "8.4"}
        self._write(
            fuser, "detect", rows, {"epochs": 4, "protocol": "retrain"}, per_image=frame, artefacts=artefacts,
            seed=seed, marks=marks,
        )  # fmt: skip

    def cost(self, fuser: str, milliseconds: float) -> None:
        rows = [
            _row(fuser, "cost", "parameters", 2e6, unit="parameter", higher=None, dataset="random", split="none"),
            _row(fuser, "cost", "ms/480x640", milliseconds, unit="ms", higher=False, dataset="random", split="none"),
        ]
        self._write(fuser, "cost", rows, {"sizes": ["480x640"]}, pairs=False, marks={"hardware": "AMD EPYC"})

    def _write(
        self, fuser: str, task: str, rows: list[Row], settings: dict[str, Any], *,
        per_image: pd.DataFrame | None = None, artefacts: Path | None = None, seed: int | None = None,
        marks: dict[str, str] | None = None, pairs: bool = True,
    ) -> None:  # fmt: skip
        identity = {
            "kind": task, "version": "2.2", "seed": seed, "marks": marks or {}, "settings": settings,
            "method": {"fingerprint": _mark(fuser), "train": None, "variant": "full", "steps": None},
            "pairs": {"name": "synthetic", "fingerprint": "f00d", "limit": None} if pairs else None,
        }  # fmt: skip
        record = Record(
            cell_id=f"{task}-{fingerprint(identity)}", task=task, settings=identity, rows=tuple(rows),
            command=f"python -m downstream.{task} --fuser {fuser}", started="2026-11-26T01:30:00Z",
            primary="map50" if task == "detect" else "", environment=ENVIRONMENT, notes=("labels: exact",),
        )  # fmt: skip
        write_record(self.workdir, record, per_image=per_image, artefacts=artefacts)


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path / "work")


@pytest.fixture
def submission(maker: Maker, tmp_path: Path) -> Path:
    """A good submission of the fuser "average"."""
    maker.everything("average")
    return write_submission(maker.workdir, ABOUT, tmp_path / "average", with_images=True).folder


def record_of(folder: Path, task: str) -> Path:
    """result.json of the first record of a task."""
    return sorted((folder / "records").glob(f"{task}-*/result.json"))[0]


def change_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def change_manifest(folder: Path, **fields: object) -> None:
    path = folder / "submission.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **fields}))


def _row(
    fuser: str, task: str, metric: str, value: float, low: float = float("nan"), high: float = float("nan"), *,
    unit: str = "fraction", higher: bool | None = True, seed: int | None = None, protocol: str = "",
    dataset: str = "synthetic", split: str = "test",
) -> Row:  # fmt: skip
    return Row(
        dataset=dataset, split=split, task=task, fuser=fuser, protocol=protocol, seed=seed, metric=metric,
        label=metric.partition("/")[0].upper(), unit=unit, value=value, ci_low=low, ci_high=high, n=len(IDS),
        higher_is_better=higher,
    )  # fmt: skip


def _mark(fuser: str) -> str:
    return hashlib.sha256(fuser.encode()).hexdigest()[:12]


def _generator(*parts: object) -> np.random.Generator:
    return np.random.default_rng(list(repr(parts).encode()))
