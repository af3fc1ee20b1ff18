# mypy: disable-error-code="no-untyped-call"
"""From what a user writes after --model to a network that ultralytics can build, checked before any long work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from suite.errors import UnknownName, WeightsError

SIZES = ("n", "s", "m", "l", "x")
KNOWN_MODELS = tuple(f"yolov8{size}{suffix}" for size in SIZES for suffix in (".pt", ".yaml"))
PUBLISHED = "https://github.com/ultralytics/assets/releases"


@dataclass(frozen=True, kw_only=True)
class ModelChoice:
    """A detector before training."""

    name: str
    """As the user wrote it."""
    source: str
    """What ultralytics is given: a file, or the name of a structure that it ships."""
    fingerprint: str
    """Hash of the weights, or of the structure."""
    classes: tuple[str, ...] = ()
    """Classes of trained weights; empty for a bare structure."""

    @property
    def is_trained(self) -> bool:
        """Whether it brings weights."""
        return self.source.endswith(".pt")


def choose_model(name: str, workdir: Path) -> ModelChoice:
    """Find and open a detector; `prepare_yolo` must have run.

    Args:
        name: A path to .pt or .yaml, or a name such as yolov8n.yaml or yolov8n.pt. A name with .pt is looked for in
            the current folder and in <workdir>/weights.
        workdir: The working folder.

    Raises:
        UnknownName: neither a file nor a known name.
        WeightsError: weights that are not on this machine, or a file that is no detector.
    """
    path = _find_file(name, workdir)
    if path is None and name not in KNOWN_MODELS:
        raise UnknownName("detector", name, known=KNOWN_MODELS, hint="Own weights or structure: --model PATH.")
    if path is None and name.endswith(".pt"):
        raise WeightsError(
            f"no weights {name} here: looked in the current folder and in {workdir / 'weights'}; nothing is "
            "downloaded behind your back. Two ways out:\n"
            f"  --model PATH          the file, for example fetched from {PUBLISHED}\n"
            f"  --model {Path(name).stem}.yaml  the same network from random weights (needs more epochs)"
        )
    if path is not None and path.suffix == ".pt":
        return ModelChoice(
            name=name, source=str(path.resolve()), fingerprint=_file_hash(path), classes=_trained_classes(path)
        )
    source = str(path.resolve()) if path else name
    return ModelChoice(name=name, source=source, fingerprint=_structure_hash(source))


def _find_file(name: str, workdir: Path) -> Path | None:
    given = Path(name)
    candidates = (given,) if given.name != name else (given, workdir / "weights" / name)
    found = next((path for path in candidates if path.is_file()), None)
    if found is None and given.name != name:
        raise WeightsError(f"no file {name}. --model takes a .pt or .yaml file, or a name: {', '.join(KNOWN_MODELS)}.")
    return found


def _trained_classes(path: Path) -> tuple[str, ...]:
    from ultralytics.nn.tasks import DetectionModel, load_checkpoint

    try:
        network, _ = load_checkpoint(path)
    except Exception as error:
        # Whatever a foreign file provokes in the unpickler means the same to the user.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(
            f"{path} is not a detector's checkpoint that can be loaded safely: {reason} Expected a .pt file written by "
            "ultralytics for YOLOv8, or pass --model yolov8n.yaml."
        ) from error
    if not isinstance(network, DetectionModel) or getattr(network, "task", "detect") != "detect":
        raise WeightsError(f"{path} holds {type(network).__name__}, not a detector. Expected YOLOv8 detection weights.")
    names = network.names
    return tuple(str(names[index]) for index in sorted(names))


def _structure_hash(source: str) -> str:
    from ultralytics.nn.tasks import yaml_model_load

    from suite.settings import fingerprint

    try:
        structure = yaml_model_load(source)
    except Exception as error:
        raise WeightsError(f"{source} is not a YOLO structure: {error}. Try --model yolov8n.yaml.") from error
    if not isinstance(structure, dict) or not {"backbone", "head"} <= set(structure):
        raise WeightsError(f"{source} is not a YOLO structure: no backbone and head. Try --model yolov8n.yaml.")
    structure.pop("yaml_file", None)
    return fingerprint(structure)


def _file_hash(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:12]
