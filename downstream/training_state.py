"""A network in training: its averaged weights, the best epoch, and the file that a killed training resumes.

The state is written after every epoch, complete or absent. What an epoch computes stays with each library's room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from downstream.trainings import write_curve
from suite.files import write_file

STATE, BEST = "state.pt", "best.pt"
SEED_STRIDE = 100_003
"""Prime, so that the epochs of neighbouring seeds do not share their random numbers."""


def epoch_seed(seed: int, epoch: int) -> int:
    """The seed of one epoch (counted from 0) of a training."""
    return (seed * SEED_STRIDE + epoch) % 2**31


@dataclass
class EpochCount:
    """How far a training has come, and which of its epochs was best on validation."""

    epoch: int = 0
    """Finished epochs."""
    best_score: float = -1.0
    best_epoch: int = 0
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)
    """Per epoch: its number from 1, loss and scores."""

    def close(self, values: Mapping[str, float], *, score: float, epochs: int, patience: int) -> bool:
        """Count one more epoch; returns whether it is the best so far.

        Args:
            values: Loss and scores, for the curve.
            score: What chooses the best epoch; higher is better.
            epochs: After how many the training ends.
            patience: After how many without a better score it ends, too.
        """
        self.epoch += 1
        self.history.append({"epoch": self.epoch, **values})
        better = score > self.best_score
        if better:
            self.best_score, self.best_epoch = score, self.epoch
        self.finished = self.epoch >= epochs or self.epoch - self.best_epoch >= patience
        return better


class NetworkState:
    """A network, the moving average of its weights, its optimizer, and its epochs.

    Args:
        network: On its device, as the first epoch finds it.
        optimizer: Of its parameters.
        average_statistics: Whether running statistics of batch normalisation are averaged like weights. They are an
            average already and lag behind the weights if averaged twice; without it the newest ones are taken.
    """

    def __init__(self, network: nn.Module, optimizer: torch.optim.Optimizer, *, average_statistics: bool) -> None:
        self.network, self.optimizer = network, optimizer
        self.average = copy_weights(network)
        self.epochs = EpochCount()
        averaged = network.state_dict() if average_statistics else dict(network.named_parameters())
        self._averaged = {name for name, value in averaged.items() if value.dtype.is_floating_point}

    @torch.no_grad()
    def update_average(self, decay: float, step: int) -> None:
        """Move the average towards the weights after optimizer step `step`, counted from 0."""
        # In the first steps the average follows quickly, so that it forgets the random start.
        now = min(decay, (1 + step) / (10 + step))
        for name, value in self.network.state_dict().items():
            if name in self._averaged:
                self.average[name].lerp_(value, 1 - now)
            else:
                self.average[name].copy_(value)

    def restore(self, folder: Path, device: str) -> None:
        """Take up what an earlier attempt left in the folder, if anything."""
        if not (folder / STATE).is_file():
            return
        state = torch.load(folder / STATE, map_location=device, weights_only=True)
        if "epochs" not in state:
            print(f"{folder / STATE} is of an earlier version; training starts anew", flush=True)
            return
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average.update(state["average"])
        self.epochs = EpochCount(**state["epochs"])
        if not self.epochs.finished:
            print(f"resuming after epoch {self.epochs.epoch}", flush=True)

    def save(self, folder: Path) -> None:
        """Write the curve, then everything that `restore` needs."""
        write_curve(folder, self.epochs.history)
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "epochs": vars(self.epochs),
        }
        save_file(folder / STATE, state)


def copy_weights(network: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers, detached and copied."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def save_file(path: Path, content: Any) -> None:
    """Write a file of tensors, complete or absent."""
    with write_file(path) as temporary:
        torch.save(content, temporary)
