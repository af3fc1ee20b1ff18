"""Converting published weights once: TensorFlow, MATLAB and pickle files become one safetensors file.

The converted file carries the hash of its origin and of its tensors, so that it is as trustworthy as the original.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.tensorflow_checkpoint import checkpoint_prefix, is_checkpoint, read_checkpoint
from diffif.fusers.published.weights import (
    PublishedWeights,
    explain_missing,
    read_tensors,
    tensors_sha256,
    weights_sha256,
)
from diffif.fusers.registry import FUSERS, get_fuser
from suite.errors import SettingsError, UnknownName, WeightsError
from suite.files import write_file


def import_weights(method: str, source: Path, out: Path | None = None) -> Path:
    """Convert one method's weights and check that they fit its network.

    Args:
        method: A fuser with published weights.
        source: The file as its authors publish it (for a TensorFlow checkpoint its prefix or one of its files; for a
            method of several files one of them, or their folder).
        out: A file ending in .safetensors, or a folder in the layout of $DIFFIF_WEIGHTS; None: beside the source, under
            the name that is looked for there.

    Returns:
        The file that was written.

    Raises:
        UnknownName: no such fuser, or one without published weights.
        WeightsError: the source is missing, unsafe to read, or of another network.
        SettingsError: out has another ending, or is the source.
    """
    cls, published = _method(method)
    tensors, source_sha256 = _read(published, source)
    if issubclass(cls, PretrainedFuser):
        with torch.device("cpu"):
            cls.load(cls.make_network(), tensors)
    target = _target(published, source, out)
    if target.suffix != ".safetensors":
        raise SettingsError(f"import-weights writes .safetensors files, but --out is {out}.")
    if target.exists() and source.exists() and target.samefile(source):
        raise SettingsError(f"{target} would be written over its own source; name another file or folder with --out.")
    digest = tensors_sha256(tensors)
    if published.tensors_sha256 and digest == published.tensors_sha256:
        # The values are the pinned ones, whatever file they came in.
        source_sha256 = published.fingerprint
    _write(target, tensors, {"method": published.method, "source_sha256": source_sha256, "tensors_sha256": digest})
    return target


def _target(published: PublishedWeights, source: Path, out: Path | None) -> Path:
    if out is None:
        return (source if source.is_dir() else source.parent) / published.converted_name
    return out if out.suffix else out / published.method / published.converted_name


def _method(method: str) -> tuple[type, PublishedWeights]:
    convertible = [name for name in FUSERS if hasattr(get_fuser(name), "published")]
    if method not in convertible:
        raise UnknownName("method with published weights", method, known=convertible)
    cls = get_fuser(method)
    published: PublishedWeights = cls.published  # type: ignore[attr-defined]
    return cls, published


def _read(published: PublishedWeights, source: Path) -> tuple[dict[str, Tensor], str]:
    if is_checkpoint(source):
        prefix = checkpoint_prefix(source)
        variables = {
            name: value for name, value in read_checkpoint(source).items() if name.endswith(published.variables)
        }
        files = sorted(prefix.parent.glob(f"{prefix.name}.data-*"))
        return variables, _combine([weights_sha256(file) for file in files])
    if not source.exists():
        raise WeightsError(explain_missing(published, f"there is no {source}"))
    if len(published.files) == 1:
        if source.is_dir():
            source = source / next(iter(published.files))
        if not source.is_file():
            raise WeightsError(explain_missing(published, f"there is no {source}"))
        return read_tensors(source), _combine([weights_sha256(source)])
    folder = source if source.is_dir() else source.parent
    missing = [name for name in published.files if not (folder / name).is_file()]
    if missing:
        raise WeightsError(explain_missing(published, f"{folder} lacks {missing[0]}"))
    tensors: dict[str, Tensor] = {}
    for name in published.files:
        stem = Path(name).stem
        tensors.update({f"{stem}/{key}": value for key, value in read_tensors(folder / name).items()})
    return tensors, _combine([weights_sha256(folder / name) for name in published.files])


def _combine(hashes: list[str]) -> str:
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


def _write(target: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    from safetensors.torch import save

    contiguous = {name: value.contiguous().clone() for name, value in tensors.items()}
    with write_file(target) as temporary:
        temporary.write_bytes(save(contiguous, metadata=metadata))
