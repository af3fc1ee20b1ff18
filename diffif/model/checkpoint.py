"""Diff-IF checkpoints: one safetensors file that also says what it is, where it came from and how well it does.

The header's metadata holds, under `diffif`, one JSON object: settings, recipe, step, scores. Tensors are the parameters
under their published names; the schedule's tables are not stored, they follow from the settings.
"""

from __future__ import annotations

import json
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diffif.model.diffusion import DiffIF, ModelSettings
from diffif.model.limits import refuse_huge
from suite.errors import CheckpointError, SettingsError, UnknownName, list_offenders
from suite.files import file_sha256, write_file
from suite.settings import from_mapping, to_mapping

METADATA_KEY = "diffif"
FORMAT = 1
REMEDY = "Train one: python -m diffif train --recipe ivf, or pass --checkpoint FILE."
PARTS = ("denoise_fn.", "refinement_fn.")
OFFICIAL_PREFIXES = ("module.", "netG.", "_orig_mod.")
"""Put before every name by data-parallel training, by the published trainer, and by torch.compile."""
TORCH_MARKS = (b"PK", b"\x80")
"""How files of torch begin: a zip archive, or a pickle of protocol 2 and later."""
OFFICIAL_WRAPPERS = ("state_dict", "model", "params")
"""Keys under which some tools put the state dict."""


@dataclass(frozen=True, kw_only=True)
class CheckpointCard:
    """What a checkpoint says about itself; plain data."""

    settings: ModelSettings = field(default_factory=ModelSettings)
    recipe: dict[str, Any] = field(default_factory=dict)
    """Settings of the training run."""
    step: int = 0
    """Training iterations done."""
    scores: dict[str, Any] = field(default_factory=dict)
    """Validation scores at that step, with their convention."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Anything else: origin, data, licence."""


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint.

    Attributes:
        model: In eval mode, float32, with the weights loaded.
        card: What the file says about itself.
        sha256: Hash of the file, 64 hex digits.
    """

    model: DiffIF
    card: CheckpointCard
    sha256: str


def text_instead_of_tensors(path: Path) -> str:
    """What to say of a weights file that is text, such as the web page of a failed download; empty if it is not."""
    with path.open("rb") as file:
        head = file.read(40)
    if head.startswith(TORCH_MARKS) or not head.isascii():
        return ""
    shown = head.decode("ascii").split("\n")[0]
    return (
        f"{path} is no weights file: it is text and begins with {shown!r}, as a web page or a Git LFS pointer does: "
        "download it again from its authors."
    )


def save_checkpoint(
    path: Path, model: DiffIF, card: CheckpointCard | None = None, *, dtype: torch.dtype = torch.float32
) -> str:
    """Write a checkpoint; complete or not at all.

    Args:
        path: Ends in .safetensors.
        model: Its parameters and settings are stored (the settings of `card` are replaced by the model's).
        card: Recipe, step, scores and notes.
        dtype: float16 halves the file and costs about 1e-3 of each weight.

    Returns:
        The file's sha256.

    Raises:
        CheckpointError: another file ending, or a weight that is not finite.
    """
    if path.suffix != ".safetensors":
        raise CheckpointError(f"{path}: a Diff-IF checkpoint is called NAME.safetensors")
    state = {name: value.detach().to("cpu", dtype).contiguous() for name, value in model.named_parameters()}
    poisoned = [name for name, value in state.items() if not bool(value.isfinite().all())]
    if poisoned:
        raise CheckpointError(
            f"{path}: not written, {len(poisoned)} of {len(state)} tensors hold non-finite numbers, first "
            f"{poisoned[0]}. Go back to the last good checkpoint and lower the learning rate."
        )
    header = {**to_mapping(card or CheckpointCard()), "settings": to_mapping(model.settings), "format": FORMAT}
    with write_file(path) as temporary:
        # Not by the library's own writer, whose files only their owner may read: checkpoints are shared on clusters.
        temporary.write_bytes(save(state, metadata={METADATA_KEY: json.dumps(header, sort_keys=True)}))
    return file_sha256(path)


def load_checkpoint(path: Path, *, device: torch.device | str = "cpu") -> Checkpoint:
    """Read a checkpoint and build its model.

    Raises:
        CheckpointError: no such file, not a Diff-IF checkpoint, or tensors that do not fit its settings (names the
            first ones).
    """
    card = read_card(path)
    with safe_open(path, framework="pt", device="cpu") as file:
        state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (not a mapping)
    model = _model_from(state, card.settings, path)
    return Checkpoint(model.to(device), card, file_sha256(path))


def read_card(path: Path) -> CheckpointCard:
    """What a checkpoint says about itself, without reading its tensors.

    Raises:
        CheckpointError: no such file, or not a Diff-IF checkpoint.
    """
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {path}. {REMEDY}")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            text = (file.metadata() or {}).get(METADATA_KEY)
    except SafetensorError as error:
        raise CheckpointError(
            f"{path} is not a Diff-IF checkpoint: no safetensors file ({error}). A .pth file of the Diff-IF authors "
            f"is turned into one by: python -m diffif import-weights diffif {path.name}"
        ) from error
    if text is None:
        raise CheckpointError(f"{path} is a safetensors file, but not a Diff-IF checkpoint: no metadata. {REMEDY}")
    try:
        header = json.loads(text)
        found = header.pop("format", None)
        if found != FORMAT:
            raise CheckpointError(f"{path}: checkpoint format {found}, this version reads {FORMAT}. Update the suite.")
        card = from_mapping(CheckpointCard, header)
        refuse_huge(card.settings)
    except (ValueError, AttributeError, TypeError, RecursionError, SettingsError, UnknownName) as error:
        raise CheckpointError(f"{path}: damaged or newer checkpoint, its settings cannot be read: {error}") from error
    return card


def import_official(path: Path, settings: ModelSettings | None = None) -> DiffIF:
    """Read a checkpoint file of the Diff-IF authors (`*_gen.pth`); nothing in it is executed.

    Args:
        path: The .pth file: a state dict, possibly wrapped, possibly with prefixed names.
        settings: Sizes of the network; the published ones if None.

    Returns:
        The model in eval mode, float32.

    Raises:
        CheckpointError: no such file, not a state dict, or not the tensors of this network (names the first ones).
    """
    if not path.is_file():
        raise CheckpointError(
            f"no file at {path}. Expected the authors' checkpoint, a .pth file (..._gen.pth): get it from the Diff-IF "
            "project (github.com/XunpengYi/Diff-IF) and pass its path."
        )
    try:
        with warnings.catch_warnings():
            # torch.load warns about the pickle's protocol before it refuses or accepts the file.
            warnings.simplefilter("ignore")
            content: object = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if text := text_instead_of_tensors(path):
            raise CheckpointError(text) from error
        # Not torch's own text: it advises to switch the protection off.
        raise CheckpointError(
            f"{path} is refused: it is a pickle that wants to run code, and cannot be read as plain tensors. Expected "
            "the authors' ..._gen.pth file (a state dict)."
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        first_line = str(error).strip().split("\n")[0]
        raise CheckpointError(
            f"{path} cannot be read as plain tensors: {first_line}. Expected the authors' ..._gen.pth file (a state "
            "dict); the ..._opt.pth file beside it holds the optimiser."
        ) from error
    state = {_official_name(name): value for name, value in _state_dict(content, path).items()}
    parameters = {name: value.float() for name, value in state.items() if name.startswith(PARTS)}
    if not parameters:
        found = ", ".join(list(state)[:3])
        raise CheckpointError(f"{path}: no tensor of Diff-IF ({' or '.join(PARTS)}...); it begins with {found}")
    settings = settings or ModelSettings()
    model = _model_from(parameters, settings, path)
    _check_schedule(model, state, path)
    return model


def _model_from(state: Mapping[str, Tensor], settings: ModelSettings, path: Path) -> DiffIF:
    """A model in eval mode that holds exactly these parameters."""
    with torch.device("meta"):
        model = DiffIF(settings)
    expected = {name: tuple(p.shape) for name, p in model.named_parameters()}
    found = {name: tuple(value.shape) for name, value in state.items()}
    offenders = [
        f"{name}: file {found.get(name, 'nothing')}, network {expected.get(name, 'nothing')}"
        for name in [*expected, *(name for name in found if name not in expected)]
        if found.get(name) != expected.get(name)
    ]
    if offenders:
        raise CheckpointError(
            f"{path} does not fit the network that its settings describe; tensors that differ:\n"
            f"{list_offenders(offenders)}"
        )
    poisoned = [name for name, value in state.items() if not bool(value.isfinite().all())]
    if poisoned:
        raise CheckpointError(f"{path}: damaged, non-finite numbers in:\n{list_offenders(poisoned)}")
    # The file's tensors become the parameters: no second copy, and no random numbers drawn to be overwritten.
    model.load_state_dict({**state, **model.schedule.buffers()}, strict=True, assign=True)
    return model.eval()


def _state_dict(content: object, path: Path) -> dict[str, Tensor]:
    for wrapper in OFFICIAL_WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: expected a state dict (name -> tensor), found {type(content).__name__}")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _official_name(name: str) -> str:
    stripped = True
    while stripped:
        stripped = False
        for prefix in OFFICIAL_PREFIXES:
            if name.startswith(prefix):
                name, stripped = name.removeprefix(prefix), True
    return name


def _check_schedule(model: DiffIF, state: Mapping[str, Tensor], path: Path) -> None:
    """Refuse weights trained with another schedule: they would load and give wrong images."""
    betas = state.get("betas")
    if betas is None:
        return
    expected = model.schedule.betas
    if betas.shape != expected.shape or not torch.allclose(betas.double(), expected, rtol=1e-4, atol=0):
        raise CheckpointError(
            f"{path} was trained with another noise schedule: {len(betas)} steps, betas {float(betas[0]):.3g} to "
            f"{float(betas[-1]):.3g}; expected {len(expected)} steps, {float(expected[0]):.3g} to "
            f"{float(expected[-1]):.3g}"
        )
