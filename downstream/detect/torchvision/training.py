"""Training one network of torchvision: repeatable, and resumed exactly after a kill.

Every epoch draws from a seed of its own and the full state is written after each, complete or absent.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from downstream.detect.average_precision import mean_average_precision
from downstream.detect.detector import BoxedImages
from downstream.detect.matching import Truth, match_class
from downstream.detect.settings import DetectionSettings
from downstream.detect.torchvision.images import AugmentedImages, collate
from downstream.detect.torchvision.prediction import predict_images
from downstream.training_state import BEST, NetworkState, copy_weights, epoch_seed, save_file
from suite.errors import TrainingError

LEARNING_RATE = 1e-3
"""Of AdamW, where the settings leave it to the library."""
WEIGHT_DECAY = 1e-4
CLIP_NORM = 10.0
EMA_DECAY = 0.99
NORM_MOMENTUM = 0.1
"""Of batch normalisation: torchvision's 0.03 for SSDLite needs more steps than a small set of pairs gives."""
WARMUP_STEPS = 20


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
    rate = settings.learning_rate or LEARNING_RATE
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    state = NetworkState(network, optimizer, average_statistics=False)
    state.restore(folder, device)
    epochs = state.epochs
    images = AugmentedImages(train, seed)
    while not epochs.finished:
        loss = _train_epoch(state, images, settings, rate, seed, device)
        map50, map50_95 = _validate(state, val, device)
        values = {"loss": loss, "map50": map50, "map50_95": map50_95}
        if epochs.close(values, score=map50_95, epochs=settings.epochs, patience=settings.patience):
            save_file(folder / BEST, {"model": state.average, "classes": list(train.classes)})
        print(
            f"epoch {epochs.epoch}/{settings.epochs}  loss {loss:.4f}  val mAP50 {100 * map50:.2f}  "
            f"mAP50-95 {100 * map50_95:.2f}",
            flush=True,
        )
        state.save(folder)
    return folder / BEST


def _train_epoch(
    state: NetworkState, images: AugmentedImages, settings: DetectionSettings, rate: float, seed: int, device: str
) -> float:
    network, optimizer, epoch = state.network, state.optimizer, state.epochs.epoch
    # Proposals of two-stage networks are sampled from the global generator.
    torch.manual_seed(epoch_seed(seed, epoch))
    network.train()
    batches, per_step = _batches(images, settings, epoch, seed, device)
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
            state.update_average(EMA_DECAY, step)
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
    images: AugmentedImages, settings: DetectionSettings, epoch: int, seed: int, device: str
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
        generator=torch.Generator().manual_seed(epoch_seed(seed, epoch)),
    )
    return loader, max(1, round(settings.nominal_batch / settings.batch))


def _validate(state: NetworkState, val: BoxedImages, device: str) -> tuple[float, float]:
    network = state.network
    trained = copy_weights(network)
    network.load_state_dict(state.average)
    detections = predict_images(network.eval(), val.images, keep=None, device=device)
    network.load_state_dict(trained)
    truths = [Truth.of(boxes) for boxes in val.boxes]
    matches = [match_class(detections, truths, label) for label in range(len(val.classes))]
    scores = [mean_average_precision(matches, num_thresholds=count) for count in (1, 10)]
    # A validation set without any box cannot choose an epoch; the last one then counts as best.
    map50, map50_95 = (0.0 if math.isnan(score) else score for score in scores)
    return map50, map50_95
