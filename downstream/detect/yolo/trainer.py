# mypy: disable-error-code="no-untyped-call, attr-defined, union-attr, arg-type"
"""Ultralytics' trainer made repeatable and exactly resumable: killed and resumed gives the numbers of never killed.

Ultralytics' own resume (8.4) starts from half-precision averaged weights, with fresh random numbers, an empty
gradient accumulator and an empty mosaic buffer, so its numbers differ. Here each epoch draws from a seed of its own,
and the full state is kept in `state.pt` after every epoch, complete or absent.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from ultralytics.models.rtdetr.train import RTDETRTrainer
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.utils.torch_utils import strip_optimizer, unwrap_model

from downstream.detect.yolo.structures import Family
from downstream.training_state import STATE, epoch_seed
from downstream.trainings import write_curve
from suite.files import write_file


class ResumableTrainer(DetectionTrainer):  # type: ignore[misc, unused-ignore]
    """Trains a YOLO from the state in its folder if there is one, otherwise from the beginning."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._accumulate = 1
        self._steps_lag = 0
        self._last_step = -1
        self._batch_index = -1
        self._pending: list[torch.Tensor | None] | None = None
        super().__init__(*args, **kwargs)
        self.add_callback("on_train_epoch_start", _seed_epoch)
        self.add_callback("on_train_start", _restore_cadence)
        self.add_callback("on_train_batch_start", _count_batch)

    @property
    def state_path(self) -> Path:
        """Where the state of the last finished epoch lies."""
        return Path(self.wdir) / STATE

    @property
    def accumulate(self) -> int:
        """Batches per optimiser step.

        The training loop keeps the batch of its last step in a local variable that starts at -1; after a resume the
        lag makes up for it until the first step.
        """
        return self._accumulate + self._steps_lag

    @accumulate.setter
    def accumulate(self, value: int) -> None:
        self._accumulate = value

    def optimizer_step(self) -> None:
        """One step; the cadence is then the loop's own again."""
        super().optimizer_step()
        self._last_step, self._steps_lag = self._batch_index, 0

    def save_model(self) -> bool:
        """Write best.pt as ultralytics does, then the full state."""
        super().save_model()
        pending = [None if p.grad is None else p.grad.clone() for p in self.model.parameters()]
        state = {
            "epoch": self.epoch,
            "finished": bool(self.stop),
            "model": unwrap_model(self.model).state_dict(),
            "ema": self.ema.ema.state_dict(),
            "updates": self.ema.updates,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "best_fitness": None if self.best_fitness is None else float(self.best_fitness),
            "stopper": {
                "best_fitness": float(self.stopper.best_fitness or 0.0),
                "best_epoch": int(self.stopper.best_epoch),
                "possible_stop": bool(self.stopper.possible_stop),
            },
            "last_step": self._last_step,
            "pending": pending,
            "csv": Path(self.csv).read_text(encoding="utf-8"),
        }
        write_curve(Path(self.save_dir), read_results(Path(self.csv)))
        with write_file(self.state_path) as temporary:
            torch.save(state, temporary)
        return True

    def resume_training(self, ckpt: object) -> None:
        """Take up the state in our own file; ultralytics' checkpoint is not used."""
        if not self.state_path.is_file():
            return
        state = torch.load(self.state_path, map_location=self.device, weights_only=True)
        unwrap_model(self.model).load_state_dict(state["model"])
        self.ema.ema.load_state_dict(state["ema"])
        self.ema.updates = state["updates"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        self.best_fitness = state["best_fitness"]
        self.stopper.__dict__.update(state["stopper"])
        self._last_step, self._pending = state["last_step"], state["pending"]
        self.start_epoch = state["epoch"] + 1
        network: Any = unwrap_model(self.model)
        if getattr(network.model[-1], "one2one_cv2", None) is not None:
            # The loss of networks without non-maximum suppression (YOLO26) shifts its weights after every epoch.
            network.criterion = network.init_criterion()
            network.criterion.updates = self.start_epoch - 1
            network.criterion.update()
        Path(self.csv).write_text(state["csv"], encoding="utf-8")
        print(f"resuming after epoch {self.start_epoch} of {self.epochs}", flush=True)

    def final_eval(self) -> None:
        """Strip the optimiser from best.pt; the best epoch is already known and test images are scored elsewhere."""
        strip_optimizer(self.best)


class ResumableRTDETRTrainer(ResumableTrainer, RTDETRTrainer):  # type: ignore[misc, unused-ignore]
    """Trains an RT-DETR in the same way: its own data, network and validator, our state."""


TRAINERS: Mapping[Family, type[ResumableTrainer]] = MappingProxyType(
    {"yolo": ResumableTrainer, "rtdetr": ResumableRTDETRTrainer}
)


def read_finished(run: Path) -> bool:
    """Whether the training in a folder had reached its last epoch."""
    state = run / "weights" / STATE
    return state.is_file() and bool(torch.load(state, map_location="cpu", weights_only=True)["finished"])


def read_results(path: Path) -> list[dict[str, float]]:
    """The rows of ultralytics' results.csv as a training curve: epoch, loss, map50, map50_95.

    The loss is the sum of the network's weighted loss terms, as ultralytics minimises it.
    """
    with path.open(encoding="utf-8", newline="") as opened:
        rows = [{key.strip(): float(value) for key, value in row.items()} for row in csv.DictReader(opened)]
    return [
        {
            "epoch": row["epoch"],
            "loss": sum(value for key, value in row.items() if key.startswith("train/")),
            "map50": row["metrics/mAP50(B)"],
            "map50_95": row["metrics/mAP50-95(B)"],
        }
        for row in rows
    ]


def _seed_epoch(trainer: ResumableTrainer) -> None:
    seed = epoch_seed(int(trainer.args.seed), int(trainer.epoch))
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    dataset = trainer.train_loader.dataset
    # Mosaic draws from the images seen last: each epoch starts with random ones instead of those of the epoch before.
    dataset.ims = [None] * len(dataset.ims)
    dataset.buffer = random.sample(range(len(dataset)), max(dataset.max_buffer_length - 1, 0))
    for transform in getattr(dataset.transforms, "transforms", []):
        if hasattr(getattr(transform, "transform", None), "set_random_seed"):
            transform.transform.set_random_seed(seed)
    trainer.train_loader.reset()
    trainer.train_loader.generator.manual_seed(seed)


def _restore_cadence(trainer: ResumableTrainer) -> None:
    trainer._batch_index = len(trainer.train_loader) * trainer.start_epoch - 1
    if trainer._pending is not None:
        trainer._steps_lag = trainer._last_step + 1


def _count_batch(trainer: ResumableTrainer) -> None:
    trainer._batch_index += 1
    if trainer._pending is not None:
        # After the loop's own zero_grad: the gradients that had not yet led to a step.
        for parameter, gradient in zip(trainer.model.parameters(), trainer._pending, strict=True):
            parameter.grad = None if gradient is None else gradient.to(parameter.device)
        trainer._pending = None
