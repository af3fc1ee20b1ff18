"""Published weights: where they are found, whether they are the authors' bytes, and loading them without running them.

Weights are looked for in the file or folder that the user names, else under `$DIFFIF_WEIGHTS/<METHOD>/`. There the
file's SHA-256 must be the pinned one; a file named explicitly may be the user's own training, and its hash enters the
fuser's fingerprint either way. `import_weights.py` writes converted copies, which carry the hash of their origin.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffif.model.checkpoint import text_instead_of_tensors
from suite.errors import WeightsError
from suite.files import file_sha256

ROOT_VARIABLE = "DIFFIF_WEIGHTS"
"""The environment variable that names the folder of published weights."""

MATLAB_NUMBERS = ("double", "single", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
MOST_MATLAB_NUMBERS = 100_000_000
LARGEST_MATLAB_FILE = 2**30
"""Bytes; scipy reads such a file as a whole."""

# Where training scripts put the state dict inside what they save; a single entry of any name is opened, too.
WRAPPERS = ("state_dict", "model", "weight", "params", "net")


@dataclass(frozen=True, kw_only=True)
class PublishedWeights:
    """What the authors of a method published."""

    method: str
    """The folder under $DIFFIF_WEIGHTS."""
    files: Mapping[str, str]
    """File name to the SHA-256 of its bytes."""
    published_at: str
    """Where the authors publish them, in words."""
    tensors_sha256: str = ""
    """Hash of the tensors themselves, for files that only exist converted; see `tensors_sha256`."""
    variables: tuple[str, ...] = ("/kernel", "/bias")
    """How the names of a TensorFlow checkpoint's variables end that belong to the network, not to its optimiser."""

    @property
    def converted_name(self) -> str:
        """The name of the one file that `import-weights` makes of these."""
        only = next(iter(self.files)) if len(self.files) == 1 else self.method
        return f"{Path(only).stem if len(self.files) == 1 else only}.safetensors"

    @property
    def fingerprint(self) -> str:
        """One hash for all files."""
        return hashlib.sha256("".join(sorted(self.files.values())).encode()).hexdigest()


@dataclass(frozen=True)
class LoadedWeights:
    """Tensors by name (with several files: `<stem>/<name>`), and one hash of the files they came from."""

    tensors: dict[str, Tensor]
    sha256: str


def find_weights(published: PublishedWeights, given: str | None = None) -> list[Path]:
    """The files to load.

    Args:
        published: What is looked for.
        given: A file or folder that the user named; None: look under $DIFFIF_WEIGHTS.

    Raises:
        WeightsError: nothing usable there; says where the authors publish it and where to put it.
    """
    if given is not None:
        path = Path(given).expanduser()
        if path.is_file() and (len(published.files) == 1 or path.suffix == ".safetensors"):
            return [path]
        return _in_folder(published, path if path.is_dir() else path.parent, f"weights={given}")
    root = os.environ.get(ROOT_VARIABLE)
    if not root:
        raise WeightsError(explain_missing(published, f"${ROOT_VARIABLE} is not set"))
    return _in_folder(published, Path(root).expanduser() / published.method, f"${ROOT_VARIABLE}")


def load_weights(published: PublishedWeights, given: str | None = None) -> LoadedWeights:
    """The tensors, checked.

    Raises:
        WeightsError: missing, not the published bytes (where the user named no file), or unsafe to load.
    """
    files = find_weights(published, given)
    if len(files) == 1 and files[0].suffix == ".safetensors":
        converted = _load_converted(files[0])
        if converted is not None:
            if given is None and converted.sha256 != published.fingerprint:
                raise WeightsError(f"{files[0]} was converted from other files than those pinned. Convert it again.")
            return converted
    hashes = {file.name: weights_sha256(file) for file in files}
    if given is None:
        for name, found in hashes.items():
            if found != published.files[name]:
                raise WeightsError(
                    f"{files[0].parent / name} is not the published file: its SHA-256 is {found}, expected "
                    f"{published.files[name]}. Download it again, or pass your own with weights=FILE."
                )
    tensors: dict[str, Tensor] = {}
    for file in files:
        prefix = f"{file.stem}/" if len(files) > 1 else ""
        tensors.update({prefix + name: tensor for name, tensor in read_tensors(file).items()})
    return LoadedWeights(tensors, hashlib.sha256("".join(sorted(hashes.values())).encode()).hexdigest())


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a safetensors, MATLAB, NumPy or PyTorch file by name; nothing in the file is executed.

    The one array of a .npy file is called "array".

    Raises:
        WeightsError: unreadable, without tensors, or a pickle that wants to run code.
    """
    if not path.is_file():
        raise WeightsError(f"no weights at {path}.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        if path.suffix == ".npy":
            return {"array": torch.from_numpy(np.load(path, allow_pickle=False))}
        content = _read_matlab(path) if path.suffix == ".mat" else _read_pickle(path)
    except pickle.UnpicklingError as error:
        if text := text_instead_of_tensors(path):
            raise WeightsError(text) from error
        raise WeightsError(
            f"{path} is refused: it is a pickle that wants to run code, not plain tensors{_wanted_code(error)}. "
            "Ask its authors for a state dict, or convert it in a place where running it is safe."
        ) from error
    except Exception as error:  # each format's reader has its own errors; all mean the same to the user
        raise WeightsError(f"cannot read weights from {path}: {_first_line(error)}.") from error
    tensors = _flatten(content)
    if not tensors:
        raise WeightsError(f"{path} holds no tensors.")
    return tensors


def load_state(network: torch.nn.Module, state: Mapping[str, Tensor], origin: str) -> None:
    """Load a state dict that must fit exactly.

    Raises:
        WeightsError: names or shapes differ; says which.
    """
    expected = network.state_dict()
    missing = sorted(set(expected) - set(state))
    surplus = sorted(set(state) - set(expected))
    shapes = [
        f"{name} {tuple(state[name].shape)}, expected {tuple(expected[name].shape)}"
        for name in expected
        if name in state and state[name].shape != expected[name].shape
    ]
    if missing or surplus or shapes:
        found = "; ".join(
            f"{what}: {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
            for what, names in (("missing", missing), ("not expected", surplus), ("shapes", shapes))
            if names
        )
        raise WeightsError(f"the weights do not fit {origin}: {found}.")
    network.load_state_dict(dict(state))


def weights_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, computed once per process for a file that does not change."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, time: int) -> str:
    return file_sha256(path)


def _in_folder(published: PublishedWeights, folder: Path, where: str) -> list[Path]:
    originals = [folder / name for name in published.files]
    if all(file.is_file() for file in originals):
        return originals
    converted = folder / published.converted_name
    if converted.is_file():
        return [converted]
    absent = ", ".join(file.name for file in originals if not file.is_file())
    raise WeightsError(explain_missing(published, f"{where}: no {absent} in {folder}"))


def explain_missing(published: PublishedWeights, found: str) -> str:
    """What is missing, where its authors publish it, and where to put it."""
    names = " and ".join(published.files)
    return (
        f"the published weights of {published.method} are missing ({found}).\n"
        f"Get {names} from {published.published_at}, put it in ${ROOT_VARIABLE}/{published.method}/, "
        "or pass weights=FILE."
    )


def _load_converted(path: Path) -> LoadedWeights | None:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "source_sha256" not in metadata:
        return None
    tensors = read_tensors(path)
    if tensors_sha256(tensors) != metadata.get("tensors_sha256"):
        raise WeightsError(f"{path} was changed after it was converted. Run python -m diffif import-weights again.")
    return LoadedWeights(tensors, metadata["source_sha256"])


def tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    """One hash over names, types, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _read_matlab(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat, whosmat

    if path.stat().st_size > LARGEST_MATLAB_FILE:
        raise ValueError(f"{path.stat().st_size / 2**30:.1f} GiB, more than any published network has")
    # Names and sizes first: a file may unpack to far more than it has bytes, and cells of objects take for ever.
    listed = [(name, shape) for name, shape, kind in whosmat(path) if kind in MATLAB_NUMBERS]
    total = sum(math.prod(shape) for _, shape in listed)
    if total > MOST_MATLAB_NUMBERS:
        raise ValueError(f"{total:,} numbers, more than any published network has; at most {MOST_MATLAB_NUMBERS:,}")
    found = loadmat(path, variable_names=[name for name, _ in listed])
    return {name: torch.from_numpy(array) for name, array in found.items() if not name.startswith("__")}


def _read_pickle(path: Path) -> Any:
    with warnings.catch_warnings():
        # torch.load warns about the pickle's protocol before it refuses or accepts the file.
        warnings.simplefilter("ignore")
        return torch.load(path, "cpu", weights_only=True)


def _flatten(content: Any) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        return {}
    for wrapper in (*WRAPPERS, *(content if len(content) == 1 else ())):
        if isinstance(content.get(wrapper), Mapping):
            return _flatten(content[wrapper])
    return {str(name): value.detach() for name, value in content.items() if isinstance(value, Tensor)}


def _wanted_code(error: Exception) -> str:
    # Not torch's own text: it advises to switch the protection off.
    found = re.search(r"GLOBAL (\S+)", str(error))
    return f" (it calls {found[1]})" if found else ""


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
