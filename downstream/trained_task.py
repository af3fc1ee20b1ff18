"""Tasks that train a network on fused images: the cell of the training, and whose images train it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from downstream.grid.cell import Cell
from downstream.methods import Method, ready_method
from downstream.task import TaskCell
from downstream.trained_settings import TrainedTaskSettings
from downstream.trainings import TRAINING_SPLITS, NetworkCell
from suite.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class TrainedTaskCell(TaskCell):
    """A task that predicts on test images with a network that learned from the training images."""

    network: ClassVar[type[NetworkCell]]
    """The cell of the training."""
    settings: TrainedTaskSettings
    teacher: Method | None = None
    """Whose images train the frozen network; None: each method's own."""

    @classmethod
    def reads(cls, settings: Any) -> tuple[str, ...]:
        """All three splits; test alone where nothing is trained."""
        return (*TRAINING_SPLITS, "test") if settings.trains else ("test",)

    @classmethod
    def repeats(cls, settings: Any) -> bool:
        """Another seed trains another network."""
        return bool(settings.trains)

    @property
    def protocol(self) -> str:
        """As in the settings."""
        return self.settings.protocol_name

    @cached_property
    def training(self) -> NetworkCell | None:
        """The training of the network; None where given weights judge."""
        if self.seed is None or not self.settings.trains:
            return None
        assert self.pairs is not None
        return self.network(
            pairs=self.pairs.seen_in(TRAINING_SPLITS),
            method=self.teacher or self.method,
            settings=self.settings.for_training(),
            marks=self.marks,
            seed=self.seed,
            batch=self.batch,
        )

    def needs(self) -> tuple[Cell, ...]:
        """The fused test images and the training."""
        return (self.fuse_cell("test"), *([self.training] if self.training else []))


def marks_of(identity: Mapping[str, Any], settings: object) -> dict[str, str]:
    """A network's identity without what the settings say themselves."""
    return {key: str(value) for key, value in identity.items() if not hasattr(settings, key)}


def find_teacher(settings: TrainedTaskSettings, methods: Sequence[Method]) -> Method | None:
    """Whose images train the frozen network; None where every method trains its own, or nothing is trained.

    Raises:
        UnknownName, SettingsError, WeightsError, CheckpointError: the fuser cannot work.
        SettingsError: the fuser is what the grid varies.
    """
    frozen_on = settings.frozen_on
    if not frozen_on or not settings.trains:
        return None
    if any(method.train and frozen_on == method.spec for method in methods):
        raise SettingsError(
            f"frozen_on: {frozen_on} is what this grid varies, so it cannot judge. Choose another fuser: visible, "
            "infrared, average ..., or other settings of it: diffif@steps=2."
        )
    same = next((method for method in methods if method.spec == frozen_on), None)
    budget = methods[0].max_memory_gib if methods else None
    return same or ready_method(frozen_on, budget)
