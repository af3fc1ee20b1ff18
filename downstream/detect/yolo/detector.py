"""The detectors of ultralytics behind the contract: YOLO of all versions and RT-DETR."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downstream.detect.yolo.shipped import SHIPPED, find_shipped
from downstream.detect.yolo.structures import (
    Family,
    check_head,
    head_of,
    known_detectors,
    read_structure,
    scale_of,
    shipped_structures,
    suggested_detectors,
)
from suite.errors import SettingsError, UnknownName, WeightsError
from suite.files import file_sha256
from suite.settings import fingerprint

if TYPE_CHECKING:
    from downstream.detect.detector import BoxedImages
    from downstream.detect.matching import Detections
    from downstream.detect.settings import DetectionSettings

PUBLISHED = "https://github.com/ultralytics/assets/releases"
DETERMINES_TRAINING = ("epochs", "imgsz", "batch", "nominal_batch", "patience", "learning_rate")
RTDETR_QUERIES = 300
"""Boxes that RT-DETR picks from all cells of its three grids; a smaller image has not enough of them."""
RTDETR_STRIDES = (8, 16, 32)


class YoloDetector:
    """A YOLO or RT-DETR network, from random or given weights.

    Args:
        name: A path to .pt or .yaml, or a name such as yolov8n.yaml, yolo11s.pt or rtdetr-l.yaml. A name with .pt is
            looked for among the weights that ship, in the current folder and in <workdir>/weights.
        settings: How it is trained.
        workdir: The working folder.

    Raises:
        UnknownName: neither a file nor a known name.
        WeightsError: weights that are not on this machine or unsafe to load, or a network that is no detector.
        SettingsError: images too small for the network.
    """

    def __init__(self, name: str, settings: DetectionSettings, workdir: Path) -> None:
        self.settings = settings
        self.workdir = workdir
        self.classes: tuple[str, ...] = ()
        self.source, path = find_network(name, workdir)
        if path.suffix == ".pt":
            from downstream.detect.yolo.checkpoint import read_checkpoint
            from downstream.detect.yolo.environment import prepare_yolo

            prepare_yolo(workdir)
            found = read_checkpoint(path)
            self.family: Family = found.family
            self.classes, mark = found.classes, file_sha256(path)[:12]
        else:
            structure = read_structure(path)
            self.family = check_head(Path(name).name, head_of(structure))
            # The size is a letter in the name: yolov8n.yaml and yolov8s.yaml are one file.
            mark = fingerprint({"structure": structure, "scale": scale_of(Path(self.source))})
            _check_buildable(self.source, workdir)
        _check_size(self.family, settings.imgsz)
        self._mark = mark
        self._name = Path(name).name

    @property
    def identity(self) -> Mapping[str, Any]:
        """Library, version, network and the settings of its training."""
        return {
            "library": "ultralytics",
            "version": importlib.metadata.version("ultralytics"),
            "name": self._name,
            "fingerprint": self._mark,
            **{name: getattr(self.settings, name) for name in DETERMINES_TRAINING},
        }

    def train(
        self, train: BoxedImages, val: BoxedImages, *, folder: Path, seed: int, device: str, threads: int
    ) -> Path:
        """Train with the trainer of the network's family; see `Detector.train`."""
        from downstream.detect.yolo.training import Network, train_network

        network = Network(
            source=self.source, family=self.family, is_pretrained=bool(self.classes), settings=self.settings
        )
        return train_network(
            network, train, val, workdir=self.workdir, folder=folder, seed=seed, device=device, threads=threads
        )

    def predict(
        self, weights: Path | None, images: Sequence[Path], *, keep: Sequence[int] | None, device: str, threads: int
    ) -> list[Detections]:
        """Boxes of each image; see `Detector.predict`."""
        from downstream.detect.yolo.environment import limit_threads, prepare_yolo
        from downstream.detect.yolo.prediction import predict_images

        prepare_yolo(self.workdir)
        limit_threads(threads)
        file = weights if weights is not None else Path(self.source)
        return predict_images(file, images, imgsz=self.settings.imgsz, device=device, keep=keep)


def find_network(name: str, workdir: Path) -> tuple[str, Path]:
    """(what ultralytics is given, the file behind it).

    Raises:
        UnknownName: neither a file nor a known name.
        WeightsError: weights that are not on this machine.
    """
    given = Path(name)
    shipped = shipped_structures()
    bare = given.name == name
    ours = find_shipped(name)
    if ours is not None:
        return str(ours), ours
    candidates = (given, workdir / "weights" / name) if bare else (given,)
    path = next((one for one in candidates if one.is_file()), None)
    if path is not None:
        if path.suffix not in (".pt", ".yaml", ".yml"):
            raise WeightsError(f"{path} is neither .pt nor .yaml, the two kinds of file that --model takes.")
        return str(path.resolve()), path.resolve()
    if not bare:
        raise WeightsError(
            f"no file {name}. --model takes a .pt or .yaml file, or a name: yolov8n.pt, yolo11n.yaml ..."
        )
    if name in shipped:
        return name, shipped[name]
    structure = shipped.get(f"{given.stem}.yaml")
    if given.suffix == ".pt" and structure is not None:
        check_head(name, head_of(read_structure(structure)))
        raise WeightsError(
            f"no weights {name} here: looked in the current folder and in {workdir / 'weights'}; nothing is "
            "downloaded without being asked for. Two ways out:\n"
            f"  --model PATH          the file, for example fetched from {PUBLISHED}\n"
            f"  --model {given.stem}.yaml  the same network from random weights (needs more epochs)"
        )
    hint = f"({len(known_detectors())} names in all.) Own weights or structure: --model PATH."
    raise UnknownName("detector", name, known=(*SHIPPED, *suggested_detectors(name)), hint=hint)


def _check_buildable(source: str, workdir: Path) -> None:
    # On the meta device nothing is allocated, however large a structure asks to be.
    from downstream.detect.yolo.environment import prepare_yolo

    prepare_yolo(workdir)
    import torch
    from ultralytics.nn import tasks
    from ultralytics.utils import LOGGER

    level = LOGGER.level
    LOGGER.setLevel("ERROR")
    try:
        structure = tasks.yaml_model_load(source)  # type: ignore[no-untyped-call]
        with torch.device("meta"):
            tasks.parse_model(structure, ch=3, verbose=False)  # type: ignore[no-untyped-call]
    except Exception as error:
        # Whatever a foreign file provokes in the parser means the same to the user.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(
            f"{source} is a structure that cannot be built: {reason}. Try --model yolov8n.yaml."
        ) from error
    finally:
        LOGGER.setLevel(level)


def _check_size(family: Family, imgsz: int) -> None:
    if family == "rtdetr" and sum((imgsz // stride) ** 2 for stride in RTDETR_STRIDES) < RTDETR_QUERIES:
        nearest = next(
            size
            for size in range(imgsz, 1025, 32)
            if sum((size // stride) ** 2 for stride in RTDETR_STRIDES) >= RTDETR_QUERIES
        )
        raise SettingsError(
            f"--imgsz {imgsz} is too small for RT-DETR, which picks {RTDETR_QUERIES} boxes from its grids; the "
            f"smallest that fits is {nearest}."
        )
