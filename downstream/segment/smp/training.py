"""Training one segmentation network: repeatable, and resumed exactly after a kill.

Every epoch draws from a seed of its own and the full state is written after each, complete or absent, so that killed
and resumed gives the numbers of never killed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
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
from downstream.trainings import write_curve
from suite.errors import TrainingError
from suite.files import write_file

STATE, BEST = "state.pt", "best.pt"
SEED_STRIDE = 100_003
"""Prime, so that the epochs of neighbouring seeds do not share their random numbers."""
CLIP_NORM = 10.0
RANDOM = EncoderWeights(path=None, fingerprint="none")


@dataclass
class Progress:
    """How far a training has come."""

    epoch: int = 0
    """Finished epochs."""
    best_miou: float = -1.0
    best_epoch: int = 0
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Task:
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


def train_network(task: Task, run: Path) -> Path:
    """Train, or resume the training in a folder; returns the file of the best epoch's averaged weights.

    Raises:
        TrainingError: the loss is not finite; the last good epoch is kept.
    """
    settings = task.settings
    torch.manual_seed(task.seed)
    network = task.build(task.weights)
    average = _copy_state(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    progress = _restore(run, network, average, optimizer, task.device)
    judge = task.build(RANDOM)
    while not progress.finished:
        loss = _train_epoch(task, network, average, optimizer, progress.epoch)
        judge.load_state_dict(average)
        miou = _validate(task, judge.eval())
        progress.epoch += 1
        progress.history.append({"epoch": progress.epoch, "loss": loss, "miou": miou})
        if miou > progress.best_miou:
            progress.best_miou, progress.best_epoch = miou, progress.epoch
            with write_file(run / BEST) as temporary:
                torch.save(average, temporary)
        waited = progress.epoch - progress.best_epoch
        progress.finished = progress.epoch >= settings.epochs or waited >= settings.patience
        print(
            f"epoch {progress.epoch}/{settings.epochs}  loss {loss:.4f}  val mIoU {100 * miou:.2f}  "
            f"best {100 * progress.best_miou:.2f} (epoch {progress.best_epoch})",
            flush=True,
        )
        write_curve(run, progress.history)
        _save(run, network, average, optimizer, progress)
    return run / BEST


def _train_epoch(
    task: Task, network: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer, epoch: int
) -> float:
    from rich.progress import track

    settings = task.settings
    torch.manual_seed((task.seed * SEED_STRIDE + epoch) % 2**31)
    network.train()
    batches = _num_batches(task)
    losses = []
    shown = track(_batches(task, epoch), total=batches, description=f"epoch {epoch + 1}", transient=True)
    for index, (image, mask) in enumerate(shown):
        step = epoch * batches + index
        rate = settings.learning_rate * (1 - step / (batches * settings.epochs)) ** settings.poly_power
        for group in optimizer.param_groups:
            group["lr"] = rate
        losses.append(_step(task, network, optimizer, image, mask))
        _update_average(average, network, settings.ema_decay, step)
    if not math.isfinite(sum(losses)):
        raise TrainingError(
            f"the loss of epoch {epoch + 1} is not finite. The epoch before is kept. Try a smaller --learning-rate, "
            f"now {settings.learning_rate}."
        )
    return float(np.mean(losses))


def _step(task: Task, network: nn.Module, optimizer: torch.optim.Optimizer, image: Tensor, mask: Tensor) -> float:
    device = torch.device(task.device)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=task.settings.amp and device.type == "cuda"):
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


def _num_batches(task: Task) -> int:
    return max(len(task.train) // task.settings.batch, 1)


def _batches(task: Task, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffled batches; the incomplete last one is dropped, since batch normalisation dislikes single crops."""
    from torch.utils.data import DataLoader

    settings = task.settings
    crops = CropDataset(task.train, crop=settings.crop, seed=task.seed, learn_unlabelled=task.learns_unlabelled)
    crops.epoch = epoch
    generator = torch.Generator().manual_seed((task.seed * SEED_STRIDE + epoch) % 2**31)
    order = torch.randperm(len(crops), generator=generator).tolist()
    order = order[: _num_batches(task) * settings.batch]
    on_gpu = task.device != "cpu"
    loader: Any = DataLoader(
        crops,
        batch_size=settings.batch,
        sampler=order,
        num_workers=settings.workers if on_gpu else 0,
        pin_memory=on_gpu,
        generator=generator,
    )
    yield from loader


def _validate(task: Task, network: nn.Module) -> float:
    counts = count_split(network, task.val, device=task.device, unlabelled=task.unlabelled)
    confusion = np.sum(counts, axis=0).sum(axis=0)
    score = mean_iou(confusion, task.settings.classes, task.val.ignore_index).value
    # A validation set without any known class cannot choose an epoch; the last one then counts as best.
    return 0.0 if math.isnan(score) else score


def _copy_state(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def _update_average(average: dict[str, Tensor], network: nn.Module, decay: float, step: int) -> None:
    # In the first steps the average follows quickly, so that it forgets the random start.
    now = min(decay, (1 + step) / (10 + step))
    for name, value in network.state_dict().items():
        if value.dtype.is_floating_point:
            average[name].lerp_(value, 1 - now)
        else:
            average[name].copy_(value)


def _save(
    run: Path, network: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    state = {
        "network": network.state_dict(),
        "average": average,
        "optimizer": optimizer.state_dict(),
        "progress": vars(progress),
    }
    with write_file(run / STATE) as temporary:
        torch.save(state, temporary)


def _restore(
    run: Path, network: nn.Module, average: dict[str, Tensor], optimizer: torch.optim.Optimizer, device: str
) -> Progress:
    if not (run / STATE).is_file():
        return Progress()
    state = torch.load(run / STATE, map_location=device, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    average.update(state["average"])
    progress = Progress(**state["progress"])
    if not progress.finished:
        print(f"resuming after epoch {progress.epoch}", flush=True)
    return progress
