"""What a notebook calls: `import diffif` offers these functions, and `docs/python.md` shows them.

Images are accepted in every usual form (`datasets.image_like`). Options of `search` and `train` are those of the
commands of the same name, with the same defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.image_like import ImageLike, as_image
from diffif.fusers.base import Fuser
from diffif.metrics import DEFAULT_METRICS, Metric
from suite.errors import ImageError
from suite.settings import from_mapping

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor


def fuse(
    visible: ImageLike,
    infrared: ImageLike,
    fuser: str | Fuser = "diffif",
    *,
    out: str | PathLike[str] | None = None,
    device: str = "auto",
) -> Tensor:
    """Fuse a visible and an infrared image.

    Args:
        visible: The visible image; see `datasets.image_like.ImageLike`.
        infrared: The infrared image of the same size; colour becomes its luma.
        fuser: What `--fuser` takes ("diffif", "diffif@steps=2", "folder:DIR", "package.module:Class"), or a `Fuser`.
        out: Also write the result to this file.
        device: "auto", "cpu", "cuda" ...; a `Fuser` brings its own.

    Returns:
        (B, 3, H, W) RGB, float32 in [0, 1], on the CPU.

    Raises:
        ImageError: an image is of another kind, shape or range, or the two differ in size.
        UnknownName, SettingsError: no such fuser, or not with these settings.
        WeightsError, CheckpointError: its weights are missing.
    """
    from datasets.images import write_image
    from diffif.fusers.registry import build_fuser
    from suite.device import resolve_device

    rgb, grey = as_image(visible, "rgb", name="visible"), as_image(infrared, "grey", name="infrared")
    ready = fuser if isinstance(fuser, Fuser) else build_fuser(fuser, device=resolve_device(device))
    ids = [Path(visible).stem] if isinstance(visible, str | PathLike) else None
    fused = ready.fuse(rgb, grey, ids=ids)
    if out is not None:
        write_image(Path(out), fused)
    return fused


def evaluate(
    fused: ImageLike,
    visible: ImageLike,
    infrared: ImageLike,
    metrics: Sequence[str | Metric] = DEFAULT_METRICS,
    *,
    convention: str = "standard",
) -> dict[str, float]:
    """Score one fused image against its two sources.

    Args:
        fused: The fused image; see `datasets.image_like.ImageLike`.
        visible: The visible source of the same size.
        infrared: The infrared source of the same size.
        metrics: Names of docs/metrics.md, ("all",), "package.module:METRIC", or `Metric` objects.
        convention: Which published definitions.

    Returns:
        Metric name -> value, in the metric's unit; nan where it is undefined.

    Raises:
        ImageError: an image is of another kind, shape or range, sizes differ, or it is a batch.
        UnknownName: no such metric or convention.
        SettingsError: the convention does not define a metric.
    """
    from diffif.metrics.evaluation import evaluate as evaluate_batch

    images = (
        as_image(fused, "rgb", name="fused"),
        as_image(visible, "rgb", name="visible"),
        as_image(infrared, "grey", name="infrared"),
    )
    if any(image.shape[0] != 1 for image in images):
        raise ImageError("evaluate scores one image; batches: diffif.metrics.evaluate(fused, visible, infrared).")
    scores = evaluate_batch(*images, metrics=metrics, convention=convention)
    return {name: float(value) for name, value in scores.items()}


def from_pretrained(folder: str | PathLike[str], *, device: str = "auto", **options: Any) -> Fuser:
    """Diff-IF from a folder as model hubs keep it, on this machine; nothing is downloaded.

    Args:
        folder: Holds `model.safetensors`, as `save_pretrained` writes it; or a checkpoint file, or a shipped name.
        device: "auto", "cpu", "cuda" ...
        options: Settings of the fuser: steps=2, seed=1 ...

    Returns:
        A fuser, for `fuse(..., fuser)`.

    Raises:
        CheckpointError: no such checkpoint, or not one, or another than its `config.json` names.
        SettingsError: an impossible setting.
    """
    from diffif.fusers.diffusion.diffif import DiffIFFuser
    from suite.device import resolve_device

    return DiffIFFuser(weights=Path(folder), device=resolve_device(device), **options)


def save_pretrained(weights: str | PathLike[str], folder: str | PathLike[str]) -> Path:
    """Write a checkpoint as a folder that model hubs take: weights, `config.json` and a model card.

    Args:
        weights: A checkpoint that training wrote, or a shipped one by name.
        folder: Made if need be; files of these three names are replaced.

    Returns:
        The folder.

    Raises:
        CheckpointError: no such checkpoint, or not one.
        WorkdirError: the folder cannot be written.
    """
    from diffif.fusers.diffusion.diffif import find_checkpoint
    from diffif.model.pretrained_folder import save_folder

    return save_folder(find_checkpoint(Path(weights)), Path(folder), name=Path(folder).resolve().name)


def search(dataset: str, root: str | PathLike[str], out: str | PathLike[str], **options: Any) -> pd.DataFrame:
    """Build the fusion knowledge prior of a dataset: `python -m diffif search` as a function.

    Args:
        dataset: A name of `python -m datasets list`.
        root: Folder of the dataset.
        out: Folder of the prior; the chosen images lie in OUT/Fusion_K.
        options: Any other option of the command, with underscores: candidates=("max", "gff"), weights="ssim=1,vif=1".

    Returns:
        One row per pair and candidate: `id, candidate, status, <terms of the goal>, score, chosen, tied`.

    Raises:
        UnknownName, SettingsError, DatasetError: what was asked for is not usable; found before any work.
    """
    from diffif.commands.search import PriorSettings, build_prior

    given = {"dataset": dataset, "root": Path(root), "out": Path(out), **options}
    return build_prior(from_mapping(PriorSettings, given)).table


def train(dataset: str, root: str | PathLike[str], out: str | PathLike[str], **options: Any) -> Path:
    """Train Diff-IF, or resume an interrupted training: `python -m diffif train` as a function.

    Args:
        dataset: A name of `python -m datasets list`.
        root: Folder of the dataset.
        out: Folder of the run.
        options: Any other option of the command: prior="prior/Fusion_K", recipe="small", set={"iterations": 100}.

    Returns:
        The best checkpoint; `fuse(..., fuser=f"diffif@weights={path}")` uses it.

    Raises:
        UnknownName, SettingsError, DatasetError: what was asked for is not usable; found before any work.
        TrainingError: the training had to stop.
    """
    from diffif.commands.train import TrainSettings, run_training

    given = {"dataset": dataset, "root": Path(root), "out": Path(out), **options}
    return run_training(from_mapping(TrainSettings, given))
