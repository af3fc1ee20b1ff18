"""What every command of this package takes: which fusers, which pairs, where to work, and how cells are computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from datasets.corruptions.condition import Condition, parse_conditions
from datasets.reading import PLAIN, PairOptions, dataset_spec
from suite.errors import SettingsError
from suite.options import Argument

EngineName = Literal["local", "ray", "slurm"]


@dataclass(frozen=True, kw_only=True)
class FuserOptions:
    """Fusers."""

    fuser: Annotated[tuple[str, ...], Argument(metavar="NAME", aliases=("--fusers",))] = ("diffif",)
    """diffif, average, visible, infrared ..., NAME@key=value,key=value, folder:PATH, onnx:PATH, package.module:Class,
    or all (that run here); several, or the option repeated, to compare them."""
    max_memory: Annotated[float | None, Argument(metavar="GIB")] = None
    """Memory budget of fusing; larger images are fused in tiles (default: never)."""
    fuse_batch: int = 4
    """Pairs fused at once."""

    def __post_init__(self) -> None:
        if not self.fuser:
            raise SettingsError("name at least one fuser: --fuser diffif, or --fuser all")
        if self.fuse_batch < 1:
            raise SettingsError(f"--fuse-batch must be at least 1, got {self.fuse_batch}")
        if self.max_memory is not None and not self.max_memory > 0:
            raise SettingsError(f"--max-memory must be positive, got {self.max_memory}")


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Pairs."""

    dataset: Annotated[str, Argument(metavar="NAME")] = ""
    """llvip, msrs, fmb, m3fd, folder ... (python -m datasets list); without it the synthetic laboratory is drawn."""
    root: Annotated[Path | None, Argument(metavar="DIR")] = None
    """Where the dataset lies."""
    synthetic: dict[str, Any] = field(default_factory=dict)
    """Settings of the synthetic laboratory: num_train=480 seed=1 ..."""
    pairs: Annotated[PairOptions, Argument(group=True)] = PLAIN
    """How the files of the dataset become pairs."""

    @property
    def spec(self) -> str:
        """The dataset with what is said about its pairs, as `datasets.registry.load_dataset` takes it."""
        return dataset_spec(self.dataset, self.pairs)

    def __post_init__(self) -> None:
        if self.pairs != PLAIN and (not self.dataset or "@" in self.dataset):
            raise SettingsError(
                f"{self.pairs.spell().strip()} needs --dataset NAME, without options of its own after @."
            )
        if self.dataset and self.synthetic:
            raise SettingsError("--synthetic sets up the synthetic laboratory; leave --dataset and --root out.")
        if self.root is not None and not self.dataset:
            raise SettingsError(f"--root {self.root} needs --dataset NAME, which says what lies there.")


@dataclass(frozen=True, kw_only=True)
class CorruptionOptions:
    """Robustness."""

    corrupt: Annotated[tuple[str, ...], Argument(metavar="KIND:SEVERITY")] = ()
    """What is done to the sources after reading and before fusing, beside the clean pairs: infrared.shift:2,4,8px
    visible.dark:0.4 noise:25 stripe:0.1 blur:2; several severities make a curve, a + joins two (docs/robustness.md)."""
    corrupt_seed: int = 0
    """Of what is drawn: the side of a shift, noise, stripes."""
    corrupt_training: bool = False
    """Corrupt what the detector or segmentation network learns from, too (default: it learns from clean pairs)."""

    def __post_init__(self) -> None:
        if self.corrupt_seed < 0:
            raise SettingsError(f"--corrupt-seed must be 0 or greater, got {self.corrupt_seed}")
        if not self.corrupt and (self.corrupt_seed or self.corrupt_training):
            option = "--corrupt-training" if self.corrupt_training else "--corrupt-seed"
            raise SettingsError(f"{option} needs --corrupt KIND:SEVERITY, for example --corrupt shift:2,4px.")
        # Parsed here, so that a typo is met before anything is looked for.
        _ = self.conditions

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What is asked for, each once; the clean pairs are not among them."""
        return parse_conditions(self.corrupt, self.corrupt_seed)


CLEAN = CorruptionOptions()


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions:
    """Execution."""

    workdir: Annotated[Path, Argument(metavar="DIR")] = Path("runs")
    """Folder of pairs, fused images, trainings, results and the report; what is finished is never done twice."""
    device: Annotated[str, Argument(metavar="NAME")] = "auto"
    """auto, cpu, cuda, cuda:1 ..."""
    engine: EngineName = "local"
    """Where cells are computed: processes of this machine, a Ray cluster, or Slurm jobs."""
    address: Annotated[str, Argument(metavar="HOST:PORT")] = ""
    """A running Ray cluster, or auto (default: one of its own)."""
    slurm: dict[str, str] = field(default_factory=dict)
    """Options of submitit: partition=gpu time=120 ..."""
    jobs: int | None = None
    """Cells computed at the same time (default: as many as cores and memory allow; on GPUs one each)."""
    threads: int | None = None
    """CPU threads per cell; numbers of trainings depend on it in their last digits (default: 1 on the synthetic
    laboratory, whose numbers so hold for any number of cores; on real pairs the cores are shared out)."""
    cells_per_gpu: int = 1
    """Cells that share one GPU."""
    only: Annotated[tuple[str, ...], Argument(metavar="GLOB")] = ()
    """Only cells whose title or id matches, and what they need: 'detect/*'."""
    retry_failed: bool = False
    """Try failed cells again."""
    dry_run: bool = False
    """List the cells, which are done, and an estimate of the time; compute nothing."""
    report: bool = True
    """Write the records only, no report."""

    def __post_init__(self) -> None:
        for name in ("jobs", "threads", "cells_per_gpu"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingsError(f"--{name.replace('_', '-')} must be at least 1, got {value}")


def check_seeds(seeds: tuple[int, ...]) -> None:
    """Refuse seeds that cannot be repeated trainings.

    Raises:
        SettingsError: none, a negative one, or one twice.
    """
    if not seeds or min(seeds) < 0:
        raise SettingsError(f"--seeds must be 0 or greater, got {' '.join(map(str, seeds)) or 'none'}")
    if len(set(seeds)) != len(seeds):
        raise SettingsError(f"--seeds holds a seed twice: {' '.join(map(str, seeds))}. Equal seeds are one training.")
