"""Training one network of torchvision: repeatable, and resumed exactly after a kill.

Every epoch draws from a seed of its own and the full state is written after each, complete or absent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from downstream.detect.average_precision import mean_average_precision
from downstream.detect.detector import BoxedImages
from downstream.detect.matching import Truth, match_class
from downstream.detect.settings import DetectionSettings
from downstream.detect.torchvision.images import AugmentedImages, collate
from downstream.detect.torchvision.prediction import predict_images
from downstream.trainings import write_curve
from suite.errors import TrainingError
from suite.files import write_file

STATE, BEST = "state.pt", "best.pt"
SEED_STRIDE = 100_003
"""Prime, so that the epochs of neighbouring seeds do not share their random numbers."""
LEARNING_RATE = 1e-3
"""Of AdamW, where the settings leave it to the library."""
WEIGHT_DECAY = 1e-4
CLIP_NORM = 10.0
EMA_DECAY = 0.99
NORM_MOMENTUM = 0.1
"""Of batch normalisation: torchvision's 0.03 for SSDLite needs more steps than a small set of pairs gives."""
WARMUP_STEPS = 20


@dataclass
class Progress:
    """How far a training has come."""

    epoch: int = 0
    """Finished epochs."""
    best_map: float = -1.0
    best_epoch: int = 0
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


def train_network(
    network: nn.Module,
    train: BoxedImages,
    val: BoxedImages,
    *,
    settings: DetectionSettings,
    folder: Path,
    seed: int,
    device: str,
) -> Path:
    """Train, or resume the training in a folder; returns the averaged weights of the best epoch on `val`.

    Raises:
        TrainingError: the loss is not finite; the last good epoch is kept.
    """
    network = network.to(device)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = NORM_MOMENTUM
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}
    rate = settings.learning_rate or LEARNING_RATE
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    progress = _restore(folder, network, average, optimizer, device)
    images = AugmentedImages(train, seed)
    while not progress.finished:
        loss = _train_epoch(network, average, optimizer, images, settings, rate, seed, progress.epoch, device)
        map50, map50_95 = _validate(network, average, val, device)
        progress.epoch += 1
        progress.history.append({"epoch": progress.epoch, "loss": loss, "map50": map50, "map50_95": map50_95})
        if map50_95 > progress.best_map:
            progress.best_map, progress.best_epoch = map50_95, progress.epoch
            with write_file(folder / BEST) as temporary:
                torch.save({"model": average, "classes": list(train.classes)}, temporary)
        waited = progress.epoch - progress.best_epoch
        progress.finished = progress.epoch >= settings.epochs or waited >= settings.patience
        print(
            f"epoch {progress.epoch}/{settings.epochs}  loss {loss:.4f}  val mAP50 {100 * map50:.2f}  "
            f"mAP50-95 {100 * map50_95:.2f}",
            flush=True,
        )
        write_curve(folder, progress.history)
        _save(folder, network, average, optimizer, progress)
    return folder / BEST


def _train_epoch(
    network: nn.Module,
    average: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    images: AugmentedImages,
    settings: DetectionSettings,
    rate: float,
    seed: int,
    epoch: int,
    device: str,
) -> float:
    epoch_seed = (seed * SEED_STRIDE + epoch) % 2**31
    # Proposals of two-stage networks are sampled from the global generator.
    torch.manual_seed(epoch_seed)
    network.train()
    batches, per_step = _batches(images, settings, epoch, epoch_seed, device)
    losses = []
    optimizer.zero_grad(set_to_none=True)
    for index, (pictures, targets) in enumerate(batches):
        step = epoch * len(batches) + index
        for group in optimizer.param_groups:
            group["lr"] = _rate_at(rate, step, settings.epochs * len(batches))
        terms = network(
            [picture.to(device) for picture in pictures],
            [{key: value.to(device) for key, value in target.items()} for target in targets],
        )
        loss = torch.stack(list(terms.values())).sum()
        (loss / per_step).backward()
        losses.append(float(loss.detach()))
        if (index + 1) % per_step == 0 or index + 1 == len(batches):
            torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            _update_average(average, network, step)
    if not math.isfinite(sum(losses)):
        raise TrainingError(
            f"the loss of epoch {epoch + 1} is not finite. The epoch before is kept. Try a smaller --learning-rate, "
            f"now {rate}."
        )
    return float(np.mean(losses))


def _rate_at(rate: float, step: int, total: int) -> float:
    """Linear warm-up, then a half cosine to zero."""
    warm = min(1.0, (step + 1) / WARMUP_STEPS)
    return rate * warm * 0.5 * (1 + math.cos(math.pi * step / max(total, 1)))


def _batches(
    images: AugmentedImages, settings: DetectionSettings, epoch: int, epoch_seed: int, device: str
) -> tuple[Any, int]:
    """A loader of shuffled batches, and how many of them make one step."""
    from torch.utils.data import DataLoader

    images.epoch = epoch
    loader: Any = DataLoader(
        images,
        batch_size=min(settings.batch, len(images)),
        shuffle=True,
        # Batch normalisation dislikes an incomplete last batch.
        drop_last=True,
        num_workers=0 if device == "cpu" else settings.workers,
        collate_fn=collate,
        generator=torch.Generator().manual_seed(epoch_seed),
    )
    return loader, max(1, round(settings.nominal_batch / settings.batch))


def _validate(network: nn.Module, average: dict[str, Tensor], val: BoxedImages, device: str) -> tuple[float, float]:
    trained = {name: value.detach().clone() for name, value in network.state_dict().items()}
    network.load_state_dict(average)
    detections = predict_images(network.eval(), val.images, keep=None, device=device)
    network.load_state_dict(trained)
    truths = [Truth.of(boxes) for boxes in val.boxes]
    matches = [match_class(detections, truths, label) for label in range(len(val.classes))]
    scores = [mean_average_precision(matches, num_thresholds=count) for count in (1, 10)]
    # A validation set without any box cannot choose an epoch; the last one then counts as best.
    map50, map50_95 = (0.0 if math.isnan(score) else score for score in scores)
    return map50, map50_95


@torch.no_grad()
def _update_average(average: dict[str, Tensor], network: nn.Module, step: int) -> None:
    # In the first steps the average follows quickly, so that it forgets the random start.
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    parameters = dict(network.named_parameters())
    for name, value in network.state_dict().items():
        if name in parameters:
            average[name].lerp_(value, 1 - decay)
        else:
            # Statistics of batch normalisation are an average already; averaged twice they lag behind the weights.
            average[name].copy_(value)


def _save(
    folder: Path, network: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    state = {
        "network": network.state_dict(),
        "average": average,
        "optimizer": optimizer.state_dict(),
        "progress": vars(progress),
    }
    with write_file(folder / STATE) as temporary:
        torch.save(state, temporary)


def _restore(
    folder: Path, network: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer, device: str
) -> Progress:
    if not (folder / STATE).is_file():
        return Progress()
    state = torch.load(folder / STATE, map_location=device, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    average.update(state["average"])
    progress = Progress(**state["progress"])
    if not progress.finished:
        print(f"resuming after epoch {progress.epoch}", flush=True)
    return progress
