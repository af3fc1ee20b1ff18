"""NIQE, BRISQUE, MUSIQ and CLIP-IQA of the fused image alone, as the package pyiqa computes them.

They are fitted to photographs, to judge photographs: a fused image that hides the infrared image altogether can score
best. So none of them is part of `all`. Weights are files that you bring, under `$DIFFIF_WEIGHTS/pyiqa/`; nothing is
fetched.
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffif.metrics.derived.planes import MAX_LEVEL, Triple
from diffif.metrics.metric import Metric, Rules
from suite.errors import MissingPackage, WeightsError

ROOT_VARIABLE, FOLDER = "DIFFIF_WEIGHTS", "pyiqa"
WEIGHTS = {
    "niqe": ("pretrained_model_path", "niqe_modelparameters.mat"),
    "brisque": ("pretrained_model_path", "brisque_svm_weights.pth"),
    "musiq": ("pretrained_model_path", "musiq_koniq_ckpt-e95806b9.pth"),
    "clipiqa": ("backbone", "RN50.pt"),
}
"""Name in pyiqa -> the argument that takes the weights, and the file as its authors publish it."""


def measure(name: str, triple: Triple, rules: Rules) -> Tensor:
    """(B,): pyiqa's score of each fused image, grey repeated to three channels."""
    levels = triple.fused.levels
    path = weights_file(name)
    score = _network(name, path, path.stat().st_mtime_ns, str(levels.device))
    images = (levels / MAX_LEVEL).expand(-1, 3, -1, -1)
    return torch.stack([score(image[None]).reshape(()) for image in images])


def weights_file(name: str) -> Path:
    """Where the weights of one metric lie.

    Raises:
        WeightsError: they are not there.
    """
    root = os.environ.get(ROOT_VARIABLE, "")
    path = Path(root) / FOLDER / WEIGHTS[name][1]
    if not root or not path.is_file():
        where = path if root else f"${ROOT_VARIABLE}/{FOLDER}/{path.name}"
        raise WeightsError(
            f"no weights for {name} at {where}. Put the file of that name, as pyiqa publishes it, into the folder "
            f"{FOLDER} under ${ROOT_VARIABLE}; it is not fetched."
        )
    return path


@lru_cache(maxsize=len(WEIGHTS))
def _network(name: str, path: Path, changed: int, device: str) -> Any:
    try:
        import pyiqa
    except ImportError as error:
        # Without its dependencies: it asks for Hugging Face's `datasets`, whose name this suite's folder has.
        raise MissingPackage("--no-deps pyiqa", f"the metric {name}") from error
    if path.suffix == ".pth":
        # pyiqa would run whatever such a file contains.
        try:
            torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            raise WeightsError(f"{path} holds more than tensors and is not loaded: {error}") from error
    return pyiqa.create_metric(name, device=torch.device(device), **{WEIGHTS[name][0]: str(path)})


def _metric(name: str, label: str, summary: str, higher: bool, citation: str, smallest_side: int) -> Metric:
    return Metric(
        name=name,
        label=label,
        summary=summary,
        higher_is_better=higher,
        citation=citation,
        smallest_side=smallest_side,
        sees="colour",
        measure=partial(measure, name),
    )


NIQE = _metric(
    "niqe",
    "NIQE",
    "distance from the statistics of natural images",
    False,
    "Mittal, Soundararajan and Bovik, IEEE Signal Processing Letters 20(3), 2013",
    96,
)
BRISQUE = _metric(
    "brisque",
    "BRISQUE",
    "distortion judged from natural scene statistics",
    False,
    "Mittal, Moorthy and Bovik, IEEE Trans. Image Processing 21(12), 2012",
    16,
)
MUSIQ = _metric(
    "musiq",
    "MUSIQ",
    "opinion predicted by a multi-scale transformer",
    True,
    "Ke, Wang, Wang, Milanfar and Yang, IEEE Int. Conf. Computer Vision, 2021",
    32,
)
CLIPIQA = _metric(
    "clipiqa",
    "CLIP-IQA",
    "nearness to the words 'good' and 'bad' image in CLIP",
    True,
    "Wang, Chan and Loy, AAAI Conf. Artificial Intelligence, 2023",
    32,
)
