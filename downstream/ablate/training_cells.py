"""From pairs to a trained Diff-IF: candidates, the prior chosen among them, and the training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from diffif.prior.goal import SearchSettings
from diffif.prior.targeted_search import PRIOR_FOLDER
from diffif.training.recipe import Recipe
from downstream.grid.cell import NOT_IDENTITY, Cell, Place
from downstream.pairs import Pairs

SPLIT = "train"


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A fuser of the pool."""

    spec: str
    """As after --fuser."""
    fingerprint: str
    """Of everything that changes its pixels."""


@dataclass(frozen=True, kw_only=True)
class CandidateCell(Cell):
    """Fuses every training pair by one fuser of the pool."""

    kind: ClassVar[str] = "candidate"
    pairs: Pairs
    candidate: Candidate

    @property
    def title(self) -> str:
        """candidate/DATASET/FUSER."""
        return f"candidate/{self.pairs.name}/{self.candidate.spec}"

    @property
    def workload(self) -> str:
        """Fuser and data."""
        return f"candidate {self.candidate.spec} {self.pairs.fingerprint}"

    def needs(self) -> tuple[Cell, ...]:
        """The pairs."""
        return self.pairs.needs()

    def run(self, place: Place) -> tuple[Path, ...]:
        """Fuse what is missing; returns the folder of the candidates."""
        from diffif.fusers.registry import build_fuser
        from diffif.prior.candidates import make_candidates
        from suite.device import resolve_device

        fuser = build_fuser(self.candidate.spec, device=resolve_device(place.device))
        samples = self.pairs.load(SPLIT, "quality", place.workdir).samples
        (made,) = make_candidates(samples, [(self.candidate.spec, fuser)], pool_dir(self.pairs, place.workdir))
        return (made.folder,)


@dataclass(frozen=True, kw_only=True)
class PriorCell(Cell):
    """Chooses the prior of every training pair: by search, or at random."""

    kind: ClassVar[str] = "prior"
    pairs: Pairs
    pool: tuple[Candidate, ...]
    """In the order in which ties are decided."""
    search: SearchSettings | None = field(default_factory=SearchSettings)
    """What the search maximises; None draws at random."""
    seed: int = 0
    """Of the draw."""
    label: str = field(default="search", metadata=NOT_IDENTITY)

    @property
    def title(self) -> str:
        """prior/DATASET/LABEL."""
        return f"prior/{self.pairs.name}/{self.label}"

    @property
    def workload(self) -> str:
        """Data, size of the pool, and whether anything is scored."""
        return f"prior {self.pairs.fingerprint} {len(self.pool)} {self.search is not None}"

    def needs(self) -> tuple[Cell, ...]:
        """Every candidate."""
        return tuple(CandidateCell(pairs=self.pairs, candidate=candidate) for candidate in self.pool)

    def prior(self, workdir: Path) -> Path:
        """Folder of the chosen images."""
        return self.folder(workdir) / "prior" / PRIOR_FOLDER

    def run(self, place: Place) -> tuple[Path, ...]:
        """Choose; returns the folder of the chosen images and what was asked for."""
        from diffif.fusers.registry import build_fuser
        from diffif.prior.candidates import candidates_of
        from diffif.prior.targeted_search import draw, search

        samples = self.pairs.load(SPLIT, "quality", place.workdir).samples
        candidates = pool_dir(self.pairs, place.workdir)
        pool = [candidates_of(one.spec, build_fuser(one.spec), candidates) for one in self.pool]
        out = self.prior(place.workdir).parent
        if self.search is None:
            draw(samples, pool, out, seed=self.seed)
        else:
            search(samples, pool, out, self.search)
        return (out / PRIOR_FOLDER, out / "search.json")


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
        return f"train/{self.pairs.name}/{self.label}/seed{self.recipe.seed}"

    @property
    def workload(self) -> str:
        """Steps, batch and networks."""
        recipe = self.recipe
        refiner = recipe.model.refiner.width if recipe.model.refiner else 0
        size = f"{recipe.iterations}x{recipe.data.batch_size}x{recipe.data.crop}"
        return f"train {size} {recipe.model.denoiser.inner_channels} {refiner}"

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


def pool_dir(pairs: Pairs, workdir: Path) -> Path:
    """Where all candidates of a dataset lie, so that several priors share them."""
    return workdir / "candidates" / f"{pairs.name}-{pairs.fingerprint}"


STEPS_BETWEEN_LINES = 50


def _say_progress(step: int, terms: dict[str, float]) -> None:
    if step % STEPS_BETWEEN_LINES == 0:
        print(f"step {step}  loss {terms['loss']:.4f}", flush=True)
