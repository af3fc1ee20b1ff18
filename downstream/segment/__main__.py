"""Segmentation of fused images: fuse, train, evaluate once on test, record, report.

python -m downstream.segment --fuser diffif --fuser average --dataset fmb --root DIR
python -m downstream.segment --fuser diffif                   the synthetic laboratory, at most ten minutes
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
    from downstream.arguments import DataChoice
    from downstream.segment.settings import SegmentationSettings

DESCRIPTION = """How well are the fused images understood, pixel by pixel?

Fuses train, validation and test, trains a segmentation network on the fused training images, keeps the epoch that is
best on validation, evaluates it once on test, and writes the report. Without --dataset it uses the synthetic
laboratory at a size that ends within ten minutes on two CPU cores. Whatever is finished is kept: the same command goes
on after an interruption."""

# The laboratory starts from random weights on a CPU: a small convolutional network learns more there in ten minutes.
LABORATORY = {"arch": "linknet", "encoder": "resnet18", "encoder_weights": "none", "epochs": 25, "crop": 128}
LABORATORY_RATE = 1e-3


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run; see --help."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    parsed = _parser().parse_args(arguments)
    return run_command(lambda: _run(parsed, arguments), debug=parsed.debug)


def _parser() -> Any:
    from downstream.arguments import add_data_arguments, add_fuser_arguments, add_run_arguments

    parser = new_parser(DESCRIPTION, prog="python -m downstream.segment")
    add_fuser_arguments(parser)
    add_data_arguments(parser)
    group = parser.add_argument_group("network (the same for every fuser; defaults in brackets: the laboratory's)")
    group.add_argument("--arch", default=None, help="segformer, unet, deeplabv3plus, upernet ... (segformer [linknet])")
    group.add_argument("--encoder", default=None, help="mit_b0, resnet18, resnet34 ... (mit_b0 [resnet18])")
    group.add_argument(
        "--encoder-weights",
        metavar="NAME",
        default=None,
        help="imagenet, none or PATH; not downloaded (imagenet [none])",
    )
    group.add_argument("--epochs", type=int, default=None, help=f"(100 [{LABORATORY['epochs']}])")
    group.add_argument("--crop", type=int, default=None, help=f"training crop in pixels (384 [{LABORATORY['crop']}])")
    group.add_argument("--batch", type=int, default=8, help="crops per step (8)")
    group.add_argument("--learning-rate", type=float, default=None, help=f"(3e-4 [{LABORATORY_RATE:g}])")
    group.add_argument("--patience", type=int, default=20, help="epochs without progress before stopping (20)")
    group.add_argument(
        "--classes",
        choices=["all15", "ignore-unlabelled", "present"],
        default="ignore-unlabelled",
        help="which classes the headline mIoU counts; the others are reported beside it",
    )
    group.add_argument("--workers", type=int, default=4, help="loader processes on a GPU (4)")
    group.add_argument("--seeds", metavar="N", type=int, nargs="+", default=[0], help="one training each (0)")
    group.add_argument(
        "--protocol", choices=["retrain", "frozen"], default="retrain", help="frozen: one network judges every fuser"
    )
    group.add_argument("--frozen-on", metavar="NAME", default="", help="fuser whose images train the frozen network")
    group.add_argument("--resamples", type=int, default=1000, help="bootstrap draws behind the intervals (1000)")
    add_run_arguments(parser)
    parser.add_argument("--no-report", action="store_true", help="write the records only")
    return parser


def _run(parsed: Any, arguments: Sequence[str]) -> int:
    from downstream.arguments import (
        announce_synthetic,
        build_fusers,
        build_report,
        data_choice,
        fuser_specs,
        load_splits,
    )
    from downstream.preflight import check_images, check_workdir
    from downstream.segment.segmenters import build_segmenter
    from suite.device import resolve_device
    from suite.records import reproducing_command

    choice, specs = data_choice(parsed), fuser_specs(parsed)
    settings = _settings(parsed, choice)
    seeds = tuple(dict.fromkeys(parsed.seeds))
    device = resolve_device(parsed.device)
    segmenter = build_segmenter(settings)
    workdir = check_workdir(parsed.workdir)
    names = ("train", "val", "test")
    splits = load_splits(choice, "segment", workdir, splits=names) if choice.name else None
    teachers = (settings.frozen_on,) if settings.frozen_on else ()
    fusers = build_fusers(tuple(dict.fromkeys((*specs, *teachers))), device)
    splits = splits or load_splits(choice, "segment", workdir, splits=names)
    if not choice.name:
        announce_synthetic(splits)
    check_images(list(splits.values()), workdir)

    from downstream.segment.cells import SegmentationRun, run_cells

    run = SegmentationRun(
        splits=splits,
        fusers=fusers,
        settings=settings,
        segmenter=segmenter,
        threads=os.cpu_count() or 1,
        workdir=workdir,
        device=device,
        command=reproducing_command("downstream.segment", arguments),
        fuse_batch=parsed.fuse_batch,
    )
    folders = run_cells(run, specs, seeds)
    _print_summary(folders)
    if not parsed.no_report:
        build_report(workdir)
    return 0


def _settings(parsed: Any, choice: DataChoice) -> SegmentationSettings:
    from downstream.segment.settings import SegmentationSettings
    from suite.settings import from_mapping

    if any(seed < 0 for seed in parsed.seeds):
        raise SettingsError(f"--seeds must be 0 or greater, got {parsed.seeds}")
    values: dict[str, Any] = {} if choice.name else {**LABORATORY, "learning_rate": LABORATORY_RATE}
    fields = SegmentationSettings.__dataclass_fields__
    values |= {name: value for name, value in vars(parsed).items() if name in fields and value is not None}
    return from_mapping(SegmentationSettings, values)


def _print_summary(folders: Sequence[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    from suite.records import read_record

    names = ("miou", "pixel_accuracy", "boundary_f1")
    table = Table("fuser", "protocol", "seed", "mIoU", "pixel accuracy", "boundary F1", title="segmentation on test")
    for folder in folders:
        values = {row.metric: row for row in read_record(folder).rows}
        first = values["miou"]
        table.add_row(first.fuser, first.protocol, str(first.seed), *(f"{100 * values[n].value:.1f}" for n in names))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
