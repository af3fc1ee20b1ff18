"""The methods that tasks judge: fusers that are ready, or variants of Diff-IF that a grid trains; and their cells.

A training needs a prior, a prior needs candidates, candidates are images that methods fused: one circle of types, hence
one file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from diffif.prior.goal import SearchSettings
from diffif.prior.targeted_search import ORIGIN, PRIOR_FOLDER
from diffif.training.recipe import Recipe
from downstream.grid.cell import NOT_IDENTITY, Cell, Place
from downstream.grid.store import CellStore
from downstream.pairs import Pairs
from suite.errors import SettingsError
from suite.settings import fingerprint, plain

if TYPE_CHECKING:
    from diffif.fusers.base import Fuser
    from diffif.fusers.fused_set import FusedSet

FULL = "full"
SPLIT = "train"
"""What Diff-IF learns from."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A fuser as tasks judge it."""

    spec: str = field(metadata=NOT_IDENTITY)
    """As after --fuser; the name in result rows. It may hold a path, so the fingerprint stands for it in ids."""
    fingerprint: str = ""
    """Of a fuser that is ready."""
    train: TrainCell | None = None
    """The training that gives the weights; None: the fuser is ready."""
    variant: str = FULL
    """What an ablation changed; "full": nothing."""
    steps: int | None = None
    """Denoising steps; None: as trained."""
    max_memory_gib: float | None = None
    """Memory budget of one call; larger images are fused in tiles. None: never tile."""

    @property
    def label(self) -> str:
        """In titles: the fuser, or the variant and the seed of its training."""
        return f"{self.variant}/seed{self.train.recipe.seed}" if self.train else self.spec

    @property
    def seed(self) -> int | None:
        """Seed that the method was trained with; None for a fuser that is ready."""
        return self.train.recipe.seed if self.train else None

    def needs(self) -> tuple[Cell, ...]:
        """The training, if there is one."""
        return (self.train,) if self.train else ()

    def build(self, place: Place) -> Fuser:
        """The fuser, ready to work."""
        from suite.device import resolve_device

        return build_with_budget(self.full_spec(place.workdir), self.max_memory_gib, resolve_device(place.device))

    def full_spec(self, workdir: Path) -> str:
        """What any process builds the fuser from."""
        if self.train is None:
            return self.spec
        weights = self.train.checkpoint(workdir)
        return f"{self.spec}@weights={weights}" + (f",steps={self.steps}" if self.steps is not None else "")


def build_with_budget(spec: str, max_memory_gib: float | None, device: str = "cpu") -> Fuser:
    """A ready fuser that fuses large images in tiles where it has a memory budget.

    Raises:
        UnknownName, SettingsError, WeightsError, CheckpointError: see `diffif.fusers.registry.build_fuser`.
    """
    from diffif.fusers.registry import build_fuser

    fuser = build_fuser(spec, device=device)
    fuser.max_memory_gib = max_memory_gib
    return fuser


def ready_method(spec: str, max_memory_gib: float | None = None) -> Method:
    """A fuser that needs no training here, built once to see that everything it needs is there.

    Raises:
        UnknownName, SettingsError, WeightsError, CheckpointError: see `diffif.fusers.registry.build_fuser`.
    """
    fuser = build_with_budget(spec, max_memory_gib)
    return Method(spec=spec, fingerprint=fuser.fingerprint, max_memory_gib=max_memory_gib)


def check_imported(method: Method, pairs: Pairs, splits: Iterable[str]) -> None:
    """Compare a folder of imported images with the pairs, by names and by sizes from the headers.

    Raises:
        ImageError: images are missing, or of another size than their pair; counts all splits.
    """
    if method.train is not None or not method.spec.startswith("folder:"):
        return
    from diffif.fusers.outside.imported import ImportedFolder

    fuser = build_with_budget(method.spec, method.max_memory_gib)
    if isinstance(fuser, ImportedFolder):
        fuser.check({one: size for split in splits for one, size in pairs.outline(split).items()})


def check_path(workdir: Path) -> None:
    """Refuse a working folder that trained weights cannot be named in.

    Raises:
        SettingsError: a comma, which separates the settings of a fuser.
    """
    if "," in str(workdir):
        raise SettingsError(f"the working folder {workdir} has a comma in its path. Pass another --workdir.")


@dataclass(frozen=True, kw_only=True)
class FuseCell(Cell):
    """Fuses splits of a dataset into content-addressed sets, which all tasks share."""

    kind: ClassVar[str] = "fuse"
    pairs: Pairs
    method: Method
    splits: tuple[str, ...] = ("test",)
    batch: int = field(default=4, metadata=NOT_IDENTITY)
    """Pairs fused at once."""

    @property
    def title(self) -> str:
        """fuse/DATASET/METHOD/SPLITS/CONDITION."""
        return f"fuse/{self.pairs.label}/{self.method.label}/{'+'.join(self.splits)}{self.pairs.tail}"

    @property
    def workload(self) -> str:
        """Data, splits, fuser and steps."""
        return f"fuse {self.pairs.fingerprint} {self.splits} {self.method.spec} {self.method.steps}"

    def needs(self) -> tuple[Cell, ...]:
        """Pairs and training."""
        return (*self.pairs.needs(), *self.method.needs())

    def run(self, place: Place) -> tuple[Path, ...]:
        """Fuse what is missing; returns the folders of the sets."""
        from diffif.fusers.fused_set import fuse_split

        fuser = self.method.build(place)
        loaded = [self.pairs.load(split, self.pairs.labels, place.workdir) for split in self.splits]
        sets = [
            fuse_split(one, fuser, place.workdir, spec=self.method.spec, batch_size=self.batch, progress=False)
            for one in loaded
        ]
        return tuple(fused.path for fused in sets)

    def fused(self, split: str, workdir: Path) -> FusedSet:
        """The set of one split, after the cell was computed.

        Raises:
            ResultError: the set is damaged.
        """
        from diffif.fusers.fused_set import read_fused_set

        return read_fused_set(CellStore(workdir).outputs(self.cell_id)[self.splits.index(split)])


@dataclass(frozen=True, kw_only=True)
class PriorCell(Cell):
    """Chooses the prior of every training pair: by search, or at random."""

    kind: ClassVar[str] = "prior"
    pairs: Pairs
    pool: tuple[Method, ...]
    """In the order in which ties are decided."""
    search: SearchSettings | None = field(default_factory=SearchSettings)
    """What the search maximises; None draws at random."""
    seed: int = 0
    """Of the draw."""
    label: str = field(default="search", metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        """prior/DATASET/LABEL."""
        return f"prior/{self.pairs.label}/{self.label}"

    @property
    def workload(self) -> str:
        """Data, size of the pool, and whether anything is scored."""
        return f"prior {self.pairs.fingerprint} {len(self.pool)} {self.search is not None}"

    def needs(self) -> tuple[Cell, ...]:
        """The candidates: the training pairs fused by every method of the pool."""
        return tuple(self.candidates(method) for method in self.pool)

    def candidates(self, method: Method) -> FuseCell:
        """The cell that fuses the training pairs by one method of the pool."""
        return FuseCell(pairs=self.pairs, method=method, splits=(SPLIT,))

    def prior(self, workdir: Path) -> Path:
        """Folder of the chosen images."""
        return self.folder(workdir) / "prior" / PRIOR_FOLDER

    def run(self, place: Place) -> tuple[Path, ...]:
        """Choose; returns the folder of the chosen images and what was asked for."""
        from diffif.prior.candidates import Candidates
        from diffif.prior.targeted_search import draw, search

        samples = self.pairs.load(SPLIT, "quality", place.workdir).samples
        pool = [
            Candidates(
                fuser=one.spec,
                fingerprint=one.fingerprint,
                folder=self.candidates(one).fused(SPLIT, place.workdir).images_dir,
            )
            for one in self.pool
        ]
        out = self.prior(place.workdir).parent
        if self.search is None:
            draw(samples, pool, out, seed=self.seed)
        else:
            search(samples, pool, out, self.search)
        return (out / PRIOR_FOLDER, out / ORIGIN)


@dataclass(frozen=True, kw_only=True)
class TrainCell(Cell):
    """Trains Diff-IF, or resumes where an earlier attempt was cut off."""

    kind: ClassVar[str] = "train"
    pairs: Pairs
    recipe: Recipe
    prior: PriorCell | None
    """None for the variant no-prior."""
    label: str = field(default="full", metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        """train/DATASET/VARIANT/seedN."""
        return f"train/{self.pairs.label}/{self.label}/seed{self.recipe.seed}"

    @property
    def workload(self) -> str:
        """Steps, batch and networks."""
        recipe = self.recipe
        size = f"{recipe.iterations}x{recipe.data.batch_size}x{recipe.data.crop}"
        return f"train {size} {fingerprint(plain(recipe.model.built()))}"

    def needs(self) -> tuple[Cell, ...]:
        """The prior, or only the pairs."""
        return (self.prior,) if self.prior else self.pairs.needs()

    def checkpoint(self, workdir: Path) -> Path:
        """The weights of the best validation."""
        return self.folder(workdir) / "model" / "best.safetensors"

    def run(self, place: Place) -> tuple[Path, ...]:
        """Train; returns the weights of the best validation."""
        from diffif.training.loop import train
        from suite.device import resolve_device

        best = train(
            self.recipe,
            self.pairs.load(SPLIT, "quality", place.workdir),
            self.pairs.load("val", "quality", place.workdir),
            self.prior.prior(place.workdir) if self.prior else None,
            self.checkpoint(place.workdir).parent,
            device=resolve_device(place.device),
            on_step=_say_progress,
        )
        return (best,)


STEPS_BETWEEN_LINES = 50


def _say_progress(step: int, terms: dict[str, float]) -> None:
    if step % STEPS_BETWEEN_LINES == 0:
        print(f"step {step}  loss {terms['loss']:.4f}", flush=True)
