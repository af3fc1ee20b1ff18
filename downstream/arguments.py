"""The command-line pieces that all tasks share: which data, which fusers, where to work and on what device."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suite.errors import SettingsError, UnknownName
from suite.settings import fingerprint, from_mapping, override, parse_assignments, to_mapping

if TYPE_CHECKING:
    from datasets.base import PairedDataset, Task
    from datasets.synthetic.settings import SyntheticSettings
    from diffif.fusers.base import Fuser

WORKDIR = "runs"


@dataclass(frozen=True, kw_only=True)
class DataChoice:
    """The pairs that a command works on."""

    name: str = ""
    """A dataset of `python -m datasets list`; empty: the synthetic laboratory, made in the working folder."""
    root: Path | None = None
    """Its folder."""
    synthetic: tuple[tuple[str, str], ...] = ()
    """Settings of the synthetic laboratory that differ from its defaults."""

    def __post_init__(self) -> None:
        if self.name and self.synthetic:
            raise SettingsError("--synthetic sets up the synthetic laboratory; leave --dataset and --root out.")
        if self.root is not None and not self.name:
            raise SettingsError(f"--root {self.root} needs --dataset NAME, which says what lies there.")


def add_data_arguments(parser: Any) -> None:
    """--dataset, --root and --synthetic."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--dataset", metavar="NAME", default="", help="llvip, msrs, fmb, m3fd, folder ... (python -m datasets list)"
    )
    group.add_argument("--root", metavar="DIR", type=Path, default=None, help="where the dataset lies")
    group.add_argument(
        "--synthetic",
        metavar="KEY=VALUE",
        nargs="+",
        default=[],
        help="settings of the synthetic laboratory, which is used without --dataset: num_train=480 seed=1 ...",
    )


def add_fuser_arguments(parser: Any) -> None:
    """--fuser (repeatable) and --fuse-batch."""
    group = parser.add_argument_group("fusers")
    group.add_argument(
        "--fuser",
        metavar="NAME",
        action="append",
        default=None,
        help="diffif, average, visible, infrared ..., NAME@key=value,key=value, folder:PATH, onnx:PATH, "
        "package.module:Class; repeat it to compare several (default: diffif)",
    )
    group.add_argument("--fuse-batch", metavar="N", type=int, default=4, help="pairs fused at once (default: 4)")


def add_run_arguments(parser: Any) -> None:
    """--workdir, --device and --debug."""
    group = parser.add_argument_group("run")
    group.add_argument(
        "--workdir",
        metavar="DIR",
        type=Path,
        default=Path(WORKDIR),
        help="fused images, trainings, results and the report; a finished part is never done twice (default: runs)",
    )
    group.add_argument("--device", metavar="NAME", default="auto", help="auto, cpu, cuda, cuda:1 (default: auto)")
    group.add_argument("--debug", action="store_true", help="show the traceback of expected errors")


def data_choice(parsed: Any) -> DataChoice:
    """The data arguments of a parsed command line.

    Raises:
        UnknownName: no such dataset.
        SettingsError: the arguments contradict each other.
    """
    from datasets.registry import DATASETS

    if parsed.dataset and parsed.dataset not in DATASETS:
        raise UnknownName("dataset", parsed.dataset, known=DATASETS, hint="Own pairs: --dataset folder --root DIR.")
    pairs = tuple(sorted(parse_assignments(parsed.synthetic).items()))
    return DataChoice(name=parsed.dataset, root=parsed.root, synthetic=pairs)


def fuser_specs(parsed: Any) -> tuple[str, ...]:
    """The fusers asked for, each once, in their order.

    Raises:
        UnknownName: no such fuser; found here, before anything is loaded or made.
    """
    from diffif.fusers.registry import FUSERS, OWN_HINT

    specs = tuple(dict.fromkeys(parsed.fuser or ["diffif"]))
    for spec in specs:
        name = spec.partition("@")[0]
        if ":" not in name and name not in FUSERS:
            raise UnknownName("fuser", name, known=FUSERS, hint=OWN_HINT)
    return specs


def build_fusers(specs: Sequence[str], device: str) -> dict[str, Fuser]:
    """Every fuser ready to work, so that a missing checkpoint is found before anything is computed."""
    from diffif.fusers.registry import build_fuser

    return {spec: build_fuser(spec, device=device) for spec in specs}


def load_splits(
    choice: DataChoice, task: Task, workdir: Path, *, splits: Sequence[str], synthetic: SyntheticSettings | None = None
) -> dict[str, PairedDataset]:
    """The splits of the chosen dataset, checked for layout and labels.

    Args:
        choice: The dataset.
        task: Which labels are needed.
        workdir: Where the synthetic laboratory is made if no dataset is named.
        splits: Names among train, val and test.
        synthetic: The laboratory's settings before `choice.synthetic` changes some; None: its own defaults.

    Raises:
        UnknownName, SettingsError, DatasetError: see `datasets.registry.load_dataset`.
    """
    from datasets.registry import load_dataset

    name, root = choice.name, choice.root
    if not name:
        name, root = "synthetic", make_synthetic(choice.synthetic, workdir, synthetic)
    return {split: load_dataset(name, root, split, task) for split in splits}


def make_synthetic(
    changes: Sequence[tuple[str, str]], workdir: Path, synthetic: SyntheticSettings | None = None
) -> Path:
    """The folder of the synthetic laboratory with these settings; drawn if it is not there yet."""
    from datasets.synthetic.settings import DRAWING_VERSION, SyntheticSettings
    from datasets.synthetic.writer import generate

    settings = override(synthetic or SyntheticSettings(), dict(changes))
    # Validated once more as a whole: an override arrives as text.
    settings = from_mapping(SyntheticSettings, to_mapping(settings))
    mark = fingerprint({"drawing": DRAWING_VERSION, "settings": to_mapping(settings)})
    root = workdir / "data" / f"synthetic-{mark}"
    generate(settings, root, progress=True)
    return root


def announce_synthetic(splits: Mapping[str, PairedDataset]) -> None:
    """Say that the numbers to come are those of drawn scenes."""
    counts = ", ".join(f"{len(dataset)} {split}" for split, dataset in splits.items())
    print(
        f"No --dataset given: using the synthetic laboratory ({counts} pairs), drawn scenes whose evidence per "
        "modality is known. Real pairs: --dataset llvip --root DIR.",
        flush=True,
    )


def build_report(workdir: Path) -> None:
    """Write the report of a working folder; a command of its own, since `downstream` must not import `reports`."""
    subprocess.run([sys.executable, "-m", "reports", str(workdir)], check=False)
