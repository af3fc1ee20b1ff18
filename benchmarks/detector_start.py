"""Does the detector's start favour a fuser? Order and gaps of fusers from random weights and from the shipped weights.

    python -m benchmarks.detector_start --start yolov8n.yaml --epochs 20 --out random.csv
    python -m benchmarks.detector_start --start yolov8n-laboratory.pt --epochs 4 --out shipped.csv
    python -m benchmarks.detector_start --compare random.csv shipped.csv

One line per fuser and seed: mAP50, mAP50-95, mAP50 by evidence, and seconds of CPU. Lines that a file already holds are
not computed again. `--compare` prints both tables and the rank correlation between them.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Sequence
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
from suite.files import make_dir
from suite.settings import fingerprint

FUSERS = ("visible", "infrared", "average", "max", "laplacian", "diffif")
SHOWN = ("map50", "map50_95", "map50/evidence:both", "map50/evidence:infrared", "map50/evidence:visible")
COLUMNS = ("fuser", "seed", *SHOWN, "train_cpu_seconds", "predict_cpu_seconds")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", type=Path, nargs=2)
    parser.add_argument("--start", default="yolov8n.yaml")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--imgsz", type=int, default=192)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=None)
    parser.add_argument("--size", type=int, nargs=2, default=(160, 192), help="height and width of the scenes")
    parser.add_argument("--num-train", type=int, default=120)
    parser.add_argument("--num-val", type=int, default=20)
    parser.add_argument("--num-test", type=int, default=100)
    parser.add_argument("--fusers", nargs="+", default=list(FUSERS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--workdir", type=Path, default=Path("runs/start"))
    parser.add_argument("--out", type=Path, default=Path("start.csv"))
    parsed = parser.parse_args(argv)
    if parsed.compare:
        compare(*parsed.compare)
        return 0
    measure(parsed)
    return 0


def measure(parsed: argparse.Namespace) -> None:
    height, width = parsed.size
    scenes = SyntheticSettings(
        height=height, width=width, num_train=parsed.num_train, num_val=parsed.num_val, num_test=parsed.num_test
    )
    workdir = parsed.workdir.resolve()
    root = generate(scenes, workdir / f"laboratory-{height}x{width}-{parsed.num_train}", progress=False)
    splits = [load_dataset("synthetic", root, name, "detect") for name in ("train", "val", "test")]
    settings = DetectionSettings(
        model=parsed.start,
        epochs=parsed.epochs,
        imgsz=parsed.imgsz,
        batch=parsed.batch,
        nominal_batch=parsed.batch,
        learning_rate=parsed.learning_rate,
    )
    done = {(row["fuser"], int(row["seed"])) for row in read(parsed.out)} if parsed.out.is_file() else set()
    detector = build_detector(settings, workdir)
    for seed in parsed.seeds:
        for name in parsed.fusers:
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
            write(parsed.out, line)
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
