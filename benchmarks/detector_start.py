"""Does the detector's start favour a fuser? Order and gaps of fusers from random weights and from the shipped weights.

    python -m benchmarks.detector_start --start yolov8n.yaml --epochs 20 --out random.csv
    python -m benchmarks.detector_start --start yolov8n-laboratory.pt --epochs 4 --out shipped.csv
    python -m benchmarks.detector_start --compare random.csv shipped.csv

One line per fuser and seed: mAP50, mAP50-95, mAP50 by evidence, and seconds of CPU. Lines that a file already holds are
not computed again. `--compare` prints both tables and the rank correlation between them.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.base import Boxes
from datasets.registry import load_dataset
from datasets.synthetic.settings import SyntheticSettings
from datasets.synthetic.writer import generate
from diffif.fusers.fused_set import fuse_split
from diffif.fusers.registry import build_fuser
from downstream.detect.detector import boxed_images, predict_boxes
from downstream.detect.detectors import build_detector
from downstream.detect.matching import Truth
from downstream.detect.scoring import score_detections
from downstream.detect.settings import DetectionSettings
from suite.command import run_settings
from suite.files import make_dir
from suite.settings import fingerprint

FUSERS = ("visible", "infrared", "average", "max", "laplacian", "diffif")
SHOWN = ("map50", "map50_95", "map50/evidence:both", "map50/evidence:infrared", "map50/evidence:visible")
COLUMNS = ("fuser", "seed", *SHOWN, "train_cpu_seconds", "predict_cpu_seconds")


@dataclass(frozen=True, kw_only=True)
class StartSettings:
    """What is trained and judged."""

    compare: tuple[Path, Path] | None = None
    """Two tables to compare, instead of training."""
    start: str = "yolov8n.yaml"
    """What the detector starts from."""
    epochs: int = 20
    """Epochs of each training."""
    imgsz: int = 192
    """Longer side at which the detector sees an image, in pixels."""
    batch: int = 8
    """Images per step."""
    learning_rate: float | None = None
    """First learning rate; without it the library chooses."""
    size: tuple[int, int] = (160, 192)
    """Height and width of the scenes."""
    num_train: int = 120
    """Training pairs."""
    num_val: int = 20
    """Validation pairs."""
    num_test: int = 100
    """Test pairs."""
    fusers: tuple[str, ...] = FUSERS
    """Whose images are judged."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """One training each."""
    workdir: Path = Path("runs/start")
    """Folder of pairs and trainings."""
    out: Path = Path("start.csv")
    """Table to write or go on with."""


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.detector_start", description=__doc__)


def run(settings: StartSettings) -> int:
    if settings.compare:
        compare(*settings.compare)
    else:
        measure(settings)
    return 0


def measure(settings: StartSettings) -> None:
    height, width = settings.size
    scenes = SyntheticSettings(
        height=height, width=width, num_train=settings.num_train, num_val=settings.num_val, num_test=settings.num_test
    )
    workdir = settings.workdir.resolve()
    root = generate(scenes, workdir / f"laboratory-{height}x{width}-{settings.num_train}", progress=False)
    splits = [load_dataset("synthetic", root, name, "detect") for name in ("train", "val", "test")]
    detection = DetectionSettings(
        model=settings.start,
        epochs=settings.epochs,
        imgsz=settings.imgsz,
        batch=settings.batch,
        nominal_batch=settings.batch,
        learning_rate=settings.learning_rate,
    )
    done = {(row["fuser"], int(row["seed"])) for row in read(settings.out)} if settings.out.is_file() else set()
    detector = build_detector(detection, workdir)
    for seed in settings.seeds:
        for name in settings.fusers:
            if (name, seed) in done:
                continue
            fuser = build_fuser(name)
            train, val, test = (
                boxed_images(fuse_split(split, fuser, workdir, spec=name, progress=False), split) for split in splits
            )
            start = time.process_time()
            folder = make_dir(workdir / "train" / fingerprint([train.fingerprint, seed, dict(detector.identity)]))
            weights = detector.train(train, val, folder=folder, seed=seed, device="cpu", threads=1)
            trained = time.process_time()
            found = predict_boxes(detector, weights, test.images, device="cpu", threads=1)
            predicted = time.process_time()
            truths = [Truth.of(boxes) for boxes in test.boxes if isinstance(boxes, Boxes)]
            ids = [path.stem for path in test.images]
            scores = score_detections(ids, found, truths, test.classes, resamples=1).scores
            values = {score.metric: score.value for score in scores}
            line = [name, seed, *(f"{values[metric]:.5f}" for metric in SHOWN)]
            line += [f"{trained - start:.1f}", f"{predicted - trained:.1f}"]
            write(settings.out, line)
            print(*line, flush=True)


def compare(first: Path, second: Path) -> None:
    from scipy.stats import spearmanr

    means = []
    for path in (first, second):
        rows = read(path)
        fusers = list(dict.fromkeys(row["fuser"] for row in rows))
        print(path.name)
        of_file = {}
        for fuser in fusers:
            own = [row for row in rows if row["fuser"] == fuser]
            values = [100 * float(row["map50"]) for row in own]
            of_file[fuser] = sum(values) / len(values)
            spread = f"{min(values):.1f} to {max(values):.1f}"
            evidence = [sum(100 * float(row[name]) for row in own) / len(own) for name in SHOWN[2:]]
            seconds = sum(float(row["train_cpu_seconds"]) for row in own) / len(own)
            shown = "  ".join(f"{value:5.1f}" for value in evidence)
            print(f"  {fuser:10} mAP50 {of_file[fuser]:5.1f} ({spread})  by evidence {shown}  {seconds:.0f} s of CPU")
        means.append(of_file)
    shared = [fuser for fuser in means[0] if fuser in means[1]]
    result = spearmanr([means[0][fuser] for fuser in shared], [means[1][fuser] for fuser in shared])
    print(f"rank correlation over {len(shared)} fusers: {result.statistic:.2f}")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def write(path: Path, line: list[object]) -> None:
    new = not path.is_file()
    with path.open("a", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        writer.writerow(line)


if __name__ == "__main__":
    sys.exit(main())
