"""Which fused image serves a detector best on real labelled pairs: frozen and retrained, by day and night.

    python -m benchmarks.labelled_pairs DATA --workdir runs/labelled --device cuda --cells-per-gpu 8

DATA holds the folders `roadscene_flir`, `flir_mini` and `llvip_mini`. Two sets are made of them under WORKDIR/pairs:

`flir-road` joins RoadScene and FLIR, both cut from one drive video. A frame that both hold is kept once. Train, val and
test are whole stretches of that video, never single frames: neighbours are nearly equal. `llvip_mini` keeps its split.
Each also exists as a whole (`-all`), for the frozen detector, which needs no training pairs.

Bicycles are left out: 14 boxes in all. What is computed is a grid of `downstream.compare`, which resumes.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from datasets.splits import write_list
from datasets.subsets import write_subset
from suite.command import run_command
from suite.errors import DatasetError
from suite.files import make_dir, write_text
from suite.options import Argument

FUSERS = (
    "gff", "visible", "infrared", "average", "max", "laplacian", "diffif", "diffif@weights=fast", "densefuse",
    "seafusion", "tardal", "datfuse", "mmdrfuse", "sfdfusion", "sage", "lutfuse",
)  # fmt: skip
"""The slowest first, since it ends last."""
RETRAINED = (
    "visible", "infrared", "average", "max", "laplacian", "diffif", "seafusion", "tardal", "mmdrfuse", "sage",
)  # fmt: skip
CLASSES = ("person", "car")
NIGHT = (
    *range(3813, 3953), *range(5697, 6283), *range(6995, 8095), *range(8863, 9653),
)  # fmt: skip
"""Frame numbers by night, as the visible images show it; all others of the two sets are by day."""
STRETCHES: Mapping[str, tuple[tuple[int, int], ...]] = {
    "train": ((2, 65), (306, 578), (4932, 5108), (5697, 6282), (6995, 7427), (9465, 9652)),
    "val": ((84, 233), (5164, 5245), (7504, 7504), (9350, 9367)),
    "test": ((977, 4726), (6535, 6862), (7968, 9016)),
}
"""First and last frame number of each stretch of the drive video."""


@dataclass(frozen=True, kw_only=True)
class LabelledPairs:
    """Where the pairs lie, which fusers are judged, and how."""

    data: Annotated[Path, Argument(positional=True)]
    """Folder of roadscene_flir, flir_mini and llvip_mini."""
    workdir: Annotated[Path, Argument(metavar="DIR")] = Path("runs/labelled")
    """Working folder."""
    model: Annotated[str, Argument(metavar="FILE")] = "yolov8n.pt"
    """COCO weights of the detector."""
    stages: tuple[Literal["prepare", "frozen", "retrain"], ...] = ("prepare", "frozen", "retrain")
    """What to do now; everything resumes."""
    fusers: Annotated[tuple[str, ...], Argument(metavar="NAME")] = FUSERS
    """Judged by the frozen detector and by image metrics."""
    retrained: Annotated[tuple[str, ...], Argument(metavar="NAME")] = RETRAINED
    """Judged by detectors retrained on their images."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Of the trainings."""
    epochs: int = 20
    """Of each training."""
    imgsz: int = 640
    """Side at which the detector sees an image."""
    batch: int = 8
    """Images per training step: sets of 76 and 26 pairs need small steps to have enough of them."""
    grid: Annotated[tuple[str, ...], Argument(metavar="OPTION")] = field(default=())
    """More options of downstream.compare, without their dashes: device=cuda jobs=14 cells-per-gpu=12 dry-run."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see --help."""
    words = sys.argv[1:] if argv is None else list(argv)

    def body() -> int:
        from suite.command_line import parse_settings

        prog = "python -m benchmarks.labelled_pairs"
        return run(parse_settings(LabelledPairs, words, prog=prog, description=__doc__ or ""))

    return run_command(body, debug="--debug" in words)


def run(settings: LabelledPairs) -> int:
    """Make the sets and compute the grids; returns the exit status."""
    from downstream.compare.__main__ import main as compare

    pairs = settings.workdir / "pairs"
    if "prepare" in settings.stages:
        make_flir_road(settings.data, pairs / "flir-road")
        make_flir_road(settings.data, pairs / "flir-road-all", whole=True)
        make_llvip(settings.data, pairs / "llvip-all")
    split = [
        f"folder@called:flir-road={pairs / 'flir-road'}",
        f"llvip@called:llvip_mini={settings.data / 'llvip_mini'}",
    ]
    whole = [f"folder@called:{name}={pairs / name}" for name in ("llvip-all", "flir-road-all")]
    status = 0
    if "frozen" in settings.stages:
        told = ["detect.protocol=frozen", "detect.frozen_on=model", *_detector(settings)]
        words = ["--fusers", *settings.fusers, "--datasets", *whole, *split, "--tasks", "detect", "quality"]
        status |= compare([*words, "--set", *told, *_grid(settings)])
    if "retrain" in settings.stages:
        told = [f"detect.epochs={settings.epochs}", f"detect.batch={settings.batch}", "detect.workers=0"]
        told += [f"detect.nominal_batch={settings.batch}", "detect.patience=1000", *_detector(settings)]
        words = ["--fusers", *settings.retrained, "--datasets", *split, "--tasks", "detect"]
        seeds = ["--seeds", *map(str, settings.seeds)]
        status |= compare([*words, *seeds, "--set", *told, *_grid(settings)])
    return status


def make_flir_road(data: Path, out: Path, *, whole: bool = False) -> None:
    """RoadScene and FLIR in one folder of pairs, split by stretches of the video.

    Args:
        data: Holds roadscene_flir and flir_mini.
        out: The folder to write.
        whole: Every pair is a test pair.

    Raises:
        DatasetError: a frame that no stretch covers.
    """
    origin = {
        "flir-drive": data / "flir_mini" / "train",
        "flir-crossing": data / "flir_mini" / "test",
        "roadscene": data / "roadscene_flir",
    }
    subsets: dict[str, list[str]] = {"day": [], "night": [], **({name: [] for name in origin} if whole else {})}
    splits: dict[str, list[str]] = {name: [] for name in STRETCHES}
    seen: set[str] = set()
    for source, folder in origin.items():
        for visible in sorted((folder / "vi").glob("*.jpg")):
            name = visible.stem
            if name in seen:
                continue
            seen.add(name)
            frame = int(name.rpartition("_")[2])
            if not whole:
                splits[split_of(frame)].append(name)
            subsets["night" if frame in NIGHT else "day"].append(name)
            if whole:
                subsets[source].append(name)
            _copy(visible, out / "visible" / visible.name)
            _copy(folder / "ir" / visible.name, out / "infrared" / visible.name)
            lines = (folder / "labels" / f"{name}.txt").read_text(encoding="ascii").splitlines()
            kept = [line for line in lines if line.strip() and int(line.split()[0]) < len(CLASSES)]
            write_text(out / "labels" / f"{name}.txt", "".join(f"{line}\n" for line in kept))
    write_text(out / "classes.txt", "".join(f"{name}\n" for name in CLASSES))
    for split, ids in splits.items():
        if ids:
            write_list(out, split, sorted(ids))
    for subset, ids in subsets.items():
        write_subset(out, subset, sorted(ids))


def split_of(frame: int) -> str:
    """The split of a frame of the drive video.

    Raises:
        DatasetError: no stretch covers it.
    """
    for split, stretches in STRETCHES.items():
        if any(first <= frame <= last for first, last in stretches):
            return split
    raise DatasetError(f"frame {frame} lies in no stretch of train, val or test")


def make_llvip(data: Path, out: Path) -> None:
    """Both splits of the LLVIP pairs in one folder, all of them test pairs."""
    source = data / "llvip_mini"
    for modality in ("visible", "infrared"):
        for path in sorted((source / modality).glob("*/*.jpg")):
            _copy(path, out / modality / path.name)
    for path in sorted((source / "Annotations").glob("*.xml")):
        _copy(path, out / "labels" / path.name)


def _copy(source: Path, target: Path) -> None:
    make_dir(target.parent)
    shutil.copyfile(source, target)


def _detector(settings: LabelledPairs) -> list[str]:
    return [f"detect.model={settings.model}", f"detect.imgsz={settings.imgsz}"]


def _grid(settings: LabelledPairs) -> list[str]:
    options = [word for option in settings.grid for word in _spell(option)]
    return ["--workdir", str(settings.workdir), *options]


def _spell(option: str) -> list[str]:
    name, equals, value = option.partition("=")
    return [f"--{name}", value] if equals else [f"--{name}"]


if __name__ == "__main__":
    sys.exit(main())
