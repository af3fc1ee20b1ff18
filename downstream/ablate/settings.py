"""What an ablation study may vary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from diffif.prior.pool import DEFAULT_POOL
from downstream.options import CLEAN, CorruptionOptions, ExecutionOptions, check_seeds
from suite.errors import SettingsError, UnknownName
from suite.options import Argument

RECIPES_DIR = Path(__file__).parent / "recipes"
LABORATORY_CONFIG = RECIPES_DIR / "ablation.yaml"
REAL_CONFIG = RECIPES_DIR / "ablation-real.yaml"
TASK_SECTIONS = ("quality", "detect", "segment", "cost")
SECTIONS = ("training", "search", "synthetic", *TASK_SECTIONS)

Changes = Annotated[dict[str, Any], Argument()]


@dataclass(frozen=True, kw_only=True)
class AblationSettings:
    """An ablation study. The sections hold only what differs from the defaults of recipe, laboratory and tasks."""

    variants: Annotated[tuple[str, ...], Argument(metavar="NAME")] = ("full", "no-prior", "no-search")
    """What is varied, see above."""
    tasks: Annotated[tuple[str, ...], Argument(metavar="TASK")] = ("quality", "detect", "segment")
    """quality, detect, segment, cost."""
    seeds: tuple[int, ...] = (0, 1)
    """Each trains Diff-IF, and whatever a task trains, once."""
    recipe: Annotated[str, Argument(metavar="NAME")] = "ablation"
    """A recipe of `diffif train`, or a YAML file."""
    pool: Annotated[tuple[str, ...], Argument(metavar="FUSER")] = DEFAULT_POOL
    """Fusers whose results are the candidates of the prior; earlier ones win ties."""
    max_memory: Annotated[float | None, Argument(metavar="GIB")] = None
    """Memory budget of fusing; larger images are fused in tiles (default: never)."""
    fuse_batch: int = 4
    """Pairs fused at once."""
    dataset: Annotated[str, Argument(metavar="NAME")] = ""
    """Train and judge on real pairs (default: the synthetic laboratory)."""
    root: Annotated[Path | None, Argument(metavar="DIR")] = None
    """Where they lie."""
    evaluate: Annotated[dict[str, Path], Argument(metavar="NAME=ROOT")] = field(default_factory=dict)
    """Judge on these pairs instead of the training's."""
    training: Changes = field(default_factory=dict)
    """Settings of the recipe: iterations, data.crop ..."""
    search: Changes = field(default_factory=dict)
    """What the search maximises: weights of metrics (ssim, vif, qabf, scd ...), convention."""
    synthetic: Changes = field(default_factory=dict)
    """Settings of the laboratory: num_train, height ..."""
    quality: Changes = field(default_factory=dict)
    """Settings of the task quality: metrics, convention ..."""
    detect: Changes = field(default_factory=dict)
    """Settings of the task detect: epochs, imgsz ..."""
    segment: Changes = field(default_factory=dict)
    """Settings of the task segment: epochs, crop ..."""
    cost: Changes = field(default_factory=dict)
    """Settings of the task cost: sizes ..."""
    set: Changes = field(default_factory=dict)
    """The same in one list: training.iterations=900 synthetic.num_test=50 detect.epochs=7 ..."""
    corruption: Annotated[CorruptionOptions, Argument(group=True)] = CLEAN
    execution: Annotated[ExecutionOptions, Argument(group=True)] = field(default_factory=ExecutionOptions)

    def __post_init__(self) -> None:
        check_seeds(self.seeds)
        if self.root is not None and not self.dataset:
            raise SettingsError(f"--root {self.root} needs --dataset NAME, which says what lies there.")
        if self.dataset and self.root is None:
            raise SettingsError(f"--dataset {self.dataset} needs --root DIR.")
        for key in self.set:
            section = key.partition(".")[0]
            if section not in SECTIONS:
                raise UnknownName("section of --set", section, known=SECTIONS, hint="Write SECTION.KEY=VALUE.")

    def changes(self, section: str) -> dict[str, Any]:
        """A section with dotted keys, and with what --set says about it."""
        own = flat_changes(getattr(self, section))
        start = f"{section}."
        return own | {key.removeprefix(start): value for key, value in self.set.items() if key.startswith(start)}


def flat_changes(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as dotted ones, so that they change defaults key by key.

    >>> flat_changes({"detect": {"epochs": 3}, "tasks": ["detect"]})
    {'detect.epochs': 3, 'tasks': ['detect']}
    """
    flat: dict[str, Any] = {}
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        flat |= flat_changes(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat
