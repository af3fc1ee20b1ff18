"""Detection on fused images: fuse, train YOLOv8, evaluate once on test, record, report.

python -m downstream.detect --fuser diffif --fuser average --dataset llvip --root DIR --model yolov8n.pt
python -m downstream.detect --fuser diffif                    the synthetic laboratory, at most ten minutes
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.command import new_parser, run_command
from suite.errors import SettingsError

if TYPE_CHECKING:
    from datasets.base import PairedDataset
    from downstream.arguments import DataChoice
    from downstream.detect.settings import DetectionSettings

DESCRIPTION = """How well does a detector see in the fused images?

Fuses train, validation and test, trains YOLOv8 on the fused training images, keeps the epoch that is best on
validation, evaluates it once on test, and writes the report. Without --dataset it uses the synthetic laboratory at a
size that ends within ten minutes on two CPU cores. Whatever is finished is kept: the same command goes on after an
interruption.

Examples:
  python -m downstream.detect --fuser diffif
  python -m downstream.detect --fuser visible --fuser infrared --fuser average --fuser diffif --seeds 0 1 2
  python -m downstream.detect --fuser diffif --dataset llvip --root LLVIP --model yolov8n.pt --device cuda
  python -m downstream.detect --fuser diffif --fuser folder:THEIR_IMAGES --dataset llvip --root LLVIP \\
      --protocol frozen --frozen-on average"""

SYNTHETIC_MODEL = "yolov8n.yaml"
SYNTHETIC_EPOCHS = 15
SYNTHETIC_IMGSZ = 256
# From random weights many small steps teach more than few large ones.
SYNTHETIC_BATCH = 8
REAL_MODEL = "yolov8n.pt"


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run; see --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed, arguments), debug=parsed.debug)


def _parser() -> Any:
    from downstream.arguments import add_data_arguments, add_fuser_arguments, add_run_arguments

    parser = new_parser(DESCRIPTION, prog="python -m downstream.detect")
    add_fuser_arguments(parser)
    add_data_arguments(parser)
    group = parser.add_argument_group("detector (the same for every fuser)")
    group.add_argument(
        "--model",
        "--detector",
        dest="model",
        metavar="NAME",
        default=None,
        help="a .pt or .yaml file of ultralytics, one of its names (yolov8n.pt, yolo11s.yaml, yolo26n.yaml, "
        f"rtdetr-l.yaml ...), or LIBRARY:NAME (default: {REAL_MODEL}; {SYNTHETIC_MODEL}, random weights, for the "
        "laboratory). Nothing is downloaded.",
    )
    group.add_argument("--epochs", type=int, default=None, help=f"default: 100; {SYNTHETIC_EPOCHS} for the laboratory")
    group.add_argument("--imgsz", type=int, default=None, help=f"default: 640; {SYNTHETIC_IMGSZ} for the laboratory")
    group.add_argument(
        "--batch",
        type=int,
        default=None,
        help=f"images per training step (default: 16; {SYNTHETIC_BATCH} for the laboratory)",
    )
    group.add_argument(
        "--nominal-batch",
        type=int,
        default=None,
        help=f"images per optimiser step (default: 64; {SYNTHETIC_BATCH} for the laboratory)",
    )
    group.add_argument("--patience", type=int, default=50, help="epochs without progress before stopping (default: 50)")
    group.add_argument("--learning-rate", type=float, default=None, help="default: chosen by ultralytics")
    group.add_argument("--workers", type=int, default=4, help="loader processes on a GPU (default: 4)")
    group.add_argument("--seeds", metavar="N", type=int, nargs="+", default=[0], help="one training each (default: 0)")
    group.add_argument(
        "--protocol", choices=["retrain", "frozen"], default="retrain", help="frozen: one detector judges every fuser"
    )
    group.add_argument(
        "--frozen-on", metavar="NAME", default="", help="fuser that trains the frozen detector; model: --model as it is"
    )
    group.add_argument("--resamples", type=int, default=1000, help="bootstrap draws behind the intervals")
    add_run_arguments(parser)
    parser.add_argument("--no-report", action="store_true", help="write the records only")
    return parser


def _run(parsed: Any, arguments: Sequence[str]) -> int:
    from downstream.arguments import announce_synthetic, build_fusers, build_report, data_choice, fuser_specs
    from downstream.preflight import check_images, check_workdir
    from suite.device import resolve_device

    choice, specs = data_choice(parsed), fuser_specs(parsed)
    settings = _settings(parsed, choice)
    seeds = tuple(dict.fromkeys(parsed.seeds))
    device = resolve_device(parsed.device)
    workdir = check_workdir(parsed.workdir)

    # Real pairs are only listed here; the laboratory is drawn once everything else is known to be sound.
    splits = _load(choice, workdir) if choice.name else None

    from downstream.detect.detector import map_classes
    from downstream.detect.detectors import build_detector
    from downstream.detect.settings import FROZEN_MODEL

    detector = build_detector(settings, workdir)
    teachers = (settings.frozen_on,) if settings.frozen_on not in ("", FROZEN_MODEL) else ()
    fusers = build_fusers(tuple(dict.fromkeys((*specs, *teachers))), device)
    splits = splits or _load(choice, workdir)
    if settings.frozen_on == FROZEN_MODEL:
        map_classes(detector.classes, splits["test"].classes)
    if not choice.name:
        announce_synthetic(splits)
    check_images(list(splits.values()), workdir)

    from downstream.detect.cells import DetectionRun, run_cells
    from suite.records import reproducing_command

    run = DetectionRun(
        splits=splits,
        fusers=fusers,
        settings=settings,
        detector=detector,
        threads=os.cpu_count() or 1,
        workdir=workdir,
        device=device,
        command=reproducing_command("downstream.detect", arguments),
        fuse_batch=parsed.fuse_batch,
    )
    folders = run_cells(run, specs, seeds)
    _print_summary(folders)
    if not parsed.no_report:
        build_report(workdir)
    return 0


def _settings(parsed: Any, choice: DataChoice) -> DetectionSettings:
    from downstream.detect.settings import DetectionSettings

    laboratory = not choice.name

    def chosen(name: str, real: int, synthetic: int) -> int:
        value: int | None = getattr(parsed, name)
        return value if value is not None else synthetic if laboratory else real

    if any(seed < 0 for seed in parsed.seeds):
        raise SettingsError(f"--seeds must be 0 or greater, got {parsed.seeds}")
    return DetectionSettings(
        model=parsed.model or (SYNTHETIC_MODEL if laboratory else REAL_MODEL),
        epochs=chosen("epochs", 100, SYNTHETIC_EPOCHS),
        imgsz=chosen("imgsz", 640, SYNTHETIC_IMGSZ),
        batch=chosen("batch", 16, SYNTHETIC_BATCH),
        nominal_batch=chosen("nominal_batch", 64, SYNTHETIC_BATCH),
        patience=parsed.patience,
        learning_rate=parsed.learning_rate,
        workers=parsed.workers,
        protocol=parsed.protocol,
        frozen_on=parsed.frozen_on,
        resamples=parsed.resamples,
    )


def _load(choice: DataChoice, workdir: Path) -> dict[str, PairedDataset]:
    from downstream.arguments import load_splits

    return load_splits(choice, "detect", workdir, splits=("train", "val", "test"))


def _print_summary(folders: Sequence[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    from suite.records import read_record

    table = Table("fuser", "protocol", "seed", "mAP50", "mAP50-95", "precision", "recall", title="detection on test")
    for folder in folders:
        record = read_record(folder)
        values = {row.metric: row for row in record.rows}
        first = values["map50"]
        numbers = [f"{100 * values[name].value:.1f}" for name in ("map50", "map50_95", "precision", "recall")]
        seed = "-" if first.seed is None else str(first.seed)
        table.add_row(first.fuser, first.protocol, seed, *numbers)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
