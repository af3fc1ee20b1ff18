"""A checkpoint as the folder that model hubs keep: weights, the network's settings, and a model card.

    FOLDER/model.safetensors    the checkpoint, byte for byte; it alone determines the model
           config.json          the network's settings again, and the hash of the weights
           README.md            the model card

Nothing is downloaded here and no code of a folder is run: a folder comes from a hub by the hub's own client.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from diffif.model.checkpoint import load_checkpoint, text_instead_of_tensors
from diffif.model.model_card import LIBRARY, render_card
from suite.errors import CheckpointError
from suite.files import file_sha256, make_dir, write_file, write_text
from suite.settings import to_mapping

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
CARD_FILE = "README.md"
MODEL_TYPE = "diffif"


def save_folder(checkpoint: Path, out: Path, *, name: str) -> Path:
    """Write a checkpoint as a folder; files of these names that are there are replaced, others stay.

    Args:
        checkpoint: A Diff-IF checkpoint.
        out: The folder; made if need be.
        name: The model's name on its card.

    Returns:
        `out`.

    Raises:
        CheckpointError: not a checkpoint.
        WorkdirError: the folder cannot be written.
    """
    loaded = load_checkpoint(checkpoint)
    num_parameters = sum(parameter.numel() for parameter in loaded.model.parameters())
    config = {
        "library_name": LIBRARY,
        "model_type": MODEL_TYPE,
        "architectures": [type(loaded.model).__name__],
        "num_parameters": num_parameters,
        "sha256": loaded.sha256,
        "settings": to_mapping(loaded.card.settings),
    }
    content = checkpoint.read_bytes()
    card = render_card(loaded.card, name=name, sha256=loaded.sha256, num_parameters=num_parameters)
    make_dir(out)
    write_text(out / CARD_FILE, card)
    write_text(out / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    with write_file(out / WEIGHTS_FILE) as temporary:
        temporary.write_bytes(content)
    return out


def weights_of(folder: Path) -> Path:
    """The checkpoint in a folder that `save_folder` wrote, or that holds a `model.safetensors` of ours.

    Raises:
        CheckpointError: there is none, it is a Git LFS pointer, or `config.json` speaks of other weights.
    """
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        found = sorted(path.name for path in folder.iterdir())[:10]
        raise CheckpointError(
            f"no {WEIGHTS_FILE} in the folder {folder}; it holds: {', '.join(found) or 'nothing'}. Write such a "
            "folder: python -m diffif export --checkpoint FILE --out FOLDER"
        )
    if text := text_instead_of_tensors(weights):
        raise CheckpointError(text)
    config = _read_config(folder / CONFIG_FILE)
    expected = config.get("sha256")
    if expected is not None and expected != file_sha256(weights):
        raise CheckpointError(
            f"{weights} has not the hash that {CONFIG_FILE} beside it names: one of the two was replaced or cut off. "
            "Get the folder again."
        )
    return weights


def _read_config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not JSON: {error}. Get the folder again.") from error
    if not isinstance(found, dict) or found.get("model_type") != MODEL_TYPE:
        raise CheckpointError(f"{path} does not describe a Diff-IF model: expected model_type {MODEL_TYPE!r}.")
    return found
