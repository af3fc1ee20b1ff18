"""The methods that a grid judges, and their fused images."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from downstream.ablate.training_cells import TrainCell
from downstream.ablation import FULL, Ablation
from downstream.grid.cell import NOT_IDENTITY, Cell, Place
from downstream.pairs import Pairs
from suite.errors import SettingsError

if TYPE_CHECKING:
    from diffif.fusers.base import Fuser

SplitName = Literal["train", "val", "test"]


@dataclass(frozen=True, kw_only=True)
class Method:
    """A fuser as a grid judges it: one that is ready, or a variant of Diff-IF that the grid trains."""

    spec: str
    """As after --fuser; the name in result rows."""
    fingerprint: str = ""
    """Of a fuser that is ready."""
    train: TrainCell | None = None
    """The training that gives the weights."""
    variant: str = FULL
    steps: int | None = None
    """Denoising steps; None: as trained."""

    @property
    def label(self) -> str:
        """In titles: the fuser, or the variant and the seed of its training."""
        return f"{self.variant}/seed{self.train.recipe.seed}" if self.train else self.spec

    @property
    def ablation(self) -> Ablation:
        """For the records."""
        return Ablation(variant=self.variant, seed=self.train.recipe.seed if self.train else None)

    def needs(self) -> tuple[Cell, ...]:
        """The training, if there is one."""
        return (self.train,) if self.train else ()

    def build(self, place: Place) -> Fuser:
        """The fuser, ready to work."""
        from diffif.fusers.registry import build_fuser
        from suite.device import resolve_device

        return build_fuser(self.full_spec(place.workdir), device=resolve_device(place.device))

    def full_spec(self, workdir: Path) -> str:
        """What any process builds the fuser from.

        Raises:
            SettingsError: a comma in the path of the working folder, which a fuser's settings cannot hold.
        """
        if self.train is None:
            return self.spec
        check_path(workdir)
        weights = self.train.checkpoint(workdir)
        return f"{self.spec}@weights={weights}" + (f",steps={self.steps}" if self.steps is not None else "")


def check_path(workdir: Path) -> None:
    """Refuse a working folder that trained weights cannot be named in.

    Raises:
        SettingsError: a comma, which separates the settings of a fuser.
    """
    if "," in str(workdir):
        raise SettingsError(f"the working folder {workdir} has a comma in its path. Pass another --workdir.")


@dataclass(frozen=True, kw_only=True)
class FuseCell(Cell):
    """Fuses splits of a dataset."""

    kind: ClassVar[str] = "fuse"
    pairs: Pairs
    method: Method
    splits: tuple[SplitName, ...] = ("test",)
    batch: int = field(default=4, metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        """fuse/DATASET/METHOD/SPLITS."""
        return f"fuse/{self.pairs.name}/{self.method.label}/{'+'.join(self.splits)}"

    @property
    def workload(self) -> str:
        """By data, splits, fuser and steps."""
        return f"fuse {self.pairs.fingerprint} {self.splits} {self.method.spec} {self.method.steps}"

    def needs(self) -> tuple[Cell, ...]:
        """Pairs and training."""
        return (*self.pairs.needs(), *self.method.needs())

    def run(self, place: Place) -> tuple[Path, ...]:
        """See the class."""
        from diffif.fusers.fused_set import fuse_split

        fuser = self.method.build(place)
        loaded = [self.pairs.load(split, self.pairs.task, place.workdir) for split in self.splits]
        sets = [
            fuse_split(one, fuser, place.workdir, spec=self.method.spec, batch_size=self.batch, progress=False)
            for one in loaded
        ]
        return tuple(fused.path for fused in sets)
