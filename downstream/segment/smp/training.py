"""Training one segmentation network: repeatable, and resumed exactly after a kill.

Every epoch draws from a seed of its own and the full state is written after each, complete or absent, so that killed
and resumed gives the numbers of never killed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from downstream.segment.counts import mean_iou
from downstream.segment.segmenter import IGNORED, MaskedImages
from downstream.segment.settings import SegmentationSettings
from downstream.segment.smp.crops import CropDataset
from downstream.segment.smp.network import EncoderWeights, build_network
from downstream.segment.smp.prediction import count_split
from downstream.training_state import BEST, NetworkState, epoch_seed, save_file
from suite.errors import TrainingError

CLIP_NORM = 10.0
RANDOM = EncoderWeights(path=None, fingerprint="none")


@dataclass(frozen=True, kw_only=True)
class Training:
    """Everything that one training needs."""

    arch: str
    """The decoder."""
    weights: EncoderWeights
    """Where the encoder starts."""
    settings: SegmentationSettings
    learns_unlabelled: bool
    """Whether the unlabelled class is learned like any other."""
    train: MaskedImages
    val: MaskedImages
    seed: int
    device: str

    @property
    def unlabelled(self) -> int | None:
        """The class that the network does not learn, or None."""
        return None if self.learns_unlabelled else self.train.ignore_index

    def build(self, weights: EncoderWeights) -> nn.Module:
        """The network, its encoder from these weights."""
        network = build_network(self.arch, self.settings.encoder, weights, self.train.num_classes)
        return network.to(self.device)


def train_network(training: Training, run: Path) -> Path:
    """Train, or resume the training in a folder; returns the file of the best epoch's averaged weights.

    Raises:
        TrainingError: the loss is not finite; the last good epoch is kept.
    """
    settings = training.settings
    torch.manual_seed(training.seed)
    network = training.build(training.weights)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    state = NetworkState(network, optimizer, average_statistics=True)
    state.restore(run, training.device)
    epochs = state.epochs
    judge = training.build(RANDOM)
    while not epochs.finished:
        loss = _train_epoch(training, state)
        judge.load_state_dict(state.average)
        miou = _validate(training, judge.eval())
        values = {"loss": loss, "miou": miou}
        if epochs.close(values, score=miou, epochs=settings.epochs, patience=settings.patience):
            save_file(run / BEST, state.average)
        print(
            f"epoch {epochs.epoch}/{settings.epochs}  loss {loss:.4f}  val mIoU {100 * miou:.2f}  "
            f"best {100 * epochs.best_score:.2f} (epoch {epochs.best_epoch})",
            flush=True,
        )
        state.save(run)
    return run / BEST


def _train_epoch(training: Training, state: NetworkState) -> float:
    from rich.progress import track

    settings = training.settings
    network, epoch = state.network, state.epochs.epoch
    torch.manual_seed(epoch_seed(training.seed, epoch))
    network.train()
    batches = _num_batches(training)
    losses = []
    shown = track(_batches(training, epoch), total=batches, description=f"epoch {epoch + 1}", transient=True)
    for index, (image, mask) in enumerate(shown):
        step = epoch * batches + index
        rate = settings.learning_rate * (1 - step / (batches * settings.epochs)) ** settings.poly_power
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        losses.append(_step(training, network, state.optimizer, image, mask))
        state.update_average(settings.ema_decay, step)
    if not math.isfinite(sum(losses)):
        raise TrainingError(
            f"the loss of epoch {epoch + 1} is not finite. The epoch before is kept. Try a smaller --learning-rate, "
            f"now {settings.learning_rate}."
        )
    return float(np.mean(losses))


def _step(
    training: Training, network: nn.Module, optimizer: torch.optim.Optimizer, image: Tensor, mask: Tensor
) -> float:
    device = torch.device(training.device)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=training.settings.amp and device.type == "cuda"):
        scores = network(image.to(device, non_blocking=True))
        loss = segmentation_loss(scores.float(), mask.to(device, non_blocking=True))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
    optimizer.step()
    return float(loss.detach())


def segmentation_loss(scores: Tensor, mask: Tensor) -> Tensor:
    """Cross entropy plus soft Dice over the classes of the batch, in equal parts; ignored pixels have no share.

    Args:
        scores: (B, C, H, W).
        mask: (B, H, W) class ids, 255 ignored.

    Returns:
        A scalar; 0 where every pixel is ignored.
    """
    valid = mask != IGNORED
    if not valid.any():
        return scores.sum() * 0.0
    entropy = F.cross_entropy(scores, mask, ignore_index=IGNORED)
    probability = scores.softmax(dim=1) * valid.unsqueeze(1)
    truth = F.one_hot(mask.where(valid, 0), scores.shape[1]).permute(0, 3, 1, 2) * valid.unsqueeze(1)
    overlap, total = (probability * truth).sum((0, 2, 3)), (probability + truth).sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    dice = 1 - (2 * overlap[present] / total[present]).mean()
    return entropy + dice


def _num_batches(training: Training) -> int:
    return max(len(training.train) // training.settings.batch, 1)


def _batches(training: Training, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffled batches; the incomplete last one is dropped, since batch normalisation dislikes single crops."""
    from torch.utils.data import DataLoader

    settings = training.settings
    crops = CropDataset(
        training.train, crop=settings.crop, seed=training.seed, learn_unlabelled=training.learns_unlabelled
    )
    crops.epoch = epoch
    generator = torch.Generator().manual_seed(epoch_seed(training.seed, epoch))
    order = torch.randperm(len(crops), generator=generator).tolist()
    order = order[: _num_batches(training) * settings.batch]
    on_gpu = training.device != "cpu"
    loader: Any = DataLoader(
        crops,
        batch_size=settings.batch,
        sampler=order,
        num_workers=settings.workers if on_gpu else 0,
        pin_memory=on_gpu,
        generator=generator,
    )
    yield from loader


def _validate(training: Training, network: nn.Module) -> float:
    counts = count_split(network, training.val, device=training.device, unlabelled=training.unlabelled)
    confusion = np.sum(counts, axis=0).sum(axis=0)
    score = mean_iou(confusion, training.settings.classes, training.val.ignore_index).value
    # A validation set without any known class cannot choose an epoch; the last one then counts as best.
    return 0.0 if math.isnan(score) else score
