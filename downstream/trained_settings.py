"""What tasks that train a network on fused images let vary, whatever the network.

Protocol "retrain": each method's images train a network of their own. Protocol "frozen": one network, made from one
method's images, judges the images of all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, TypeVar

from downstream.grid.cell import NOT_IDENTITY
from suite.errors import SettingsError
from suite.options import Argument

Settings = TypeVar("Settings", bound="TrainedTaskSettings")


@dataclass(frozen=True, kw_only=True)
class TrainedTaskSettings:
    """Which network judges which images."""

    protocol: Literal["retrain", "frozen"] = "retrain"
    """retrain: a network per fuser. frozen: one network judges every fuser's images."""
    frozen_on: Annotated[str, Argument(metavar="NAME")] = field(default="", metadata=NOT_IDENTITY)
    """For frozen: the fuser whose images train the one network."""
    workers: int = field(default=4, metadata=NOT_IDENTITY)
    """Loader processes on a GPU; a CPU loads in the training process."""
    resamples: int = 1000
    """Bootstrap draws behind an interval."""

    def __post_init__(self) -> None:
        if self.resamples < 1:
            raise SettingsError(f"--resamples must be at least 1, got {self.resamples}")
        if self.protocol == "frozen" and not self.frozen_on:
            raise SettingsError(
                "--protocol frozen needs --frozen-on: the fuser whose images train the one network (visible, "
                "infrared, average ...)."
            )
        if self.protocol == "retrain" and self.frozen_on:
            raise SettingsError("--frozen-on belongs to --protocol frozen.")

    @property
    def protocol_name(self) -> str:
        """The protocol in result rows: retrain, or frozen- and whose images train the one network."""
        return "retrain" if self.protocol == "retrain" else f"frozen-{self.frozen_on}"

    @property
    def trains(self) -> bool:
        """Whether anything is trained; not where given weights judge as they are."""
        return True

    def for_training(self: Settings) -> Settings:
        """What determines the trained weights; everything else at its default, so that trainings are shared."""
        return replace(self, protocol="retrain", frozen_on="", resamples=TrainedTaskSettings.resamples)
