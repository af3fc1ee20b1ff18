"""The model card of a checkpoint: Markdown under the YAML metadata that model hubs read.

The metadata follows the Hugging Face Hub's: licence, library, task, tags, and validation scores as a `model-index`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from diffif.model.checkpoint import CheckpointCard

LIBRARY = "diffif-bench"
TASK = "image-to-image"
"""The Hub's name of the task that comes nearest to fusion, which it does not know."""
TAGS = ("image-fusion", "infrared", "visible", "diff-if")
LICENCE_NAME = "terms-of-the-training-data"
SHIPPED_NOTE = ("README.md beside this file", "diffif/weights/README.md of Diff-IF Bench")
"""Where the checkpoints that ship say how they were trained, and where that is from anywhere else."""
METRIC_NAME = re.compile(r"[a-z0-9_]+")


def render_card(card: CheckpointCard, *, name: str, sha256: str, num_parameters: int) -> str:
    """The card as Markdown.

    Args:
        card: What the checkpoint says about itself.
        name: The model's name, as a title.
        sha256: Of the weights file.
        num_parameters: Of the network.
    """
    data = card.notes["data"] if isinstance(card.notes.get("data"), Mapping) else {}
    scores = {
        metric: float(value)
        for metric, value in card.scores.items()
        if METRIC_NAME.fullmatch(metric) and isinstance(value, float | int) and math.isfinite(value)
    }
    metadata: dict[str, Any] = {
        "library_name": LIBRARY,
        "pipeline_tag": TASK,
        "license": "other",
        "license_name": LICENCE_NAME,
        "license_link": "README.md",
        "tags": list(TAGS),
    }
    if scores:
        metadata["model-index"] = [{"name": name, "results": [_result(scores, data)]}]
    parts = [
        f"---\n{yaml.safe_dump(metadata, sort_keys=False)}---",
        f"# {name}",
        "Fuses a registered pair of an infrared and a visible image (or of two medical images) into one. Diff-IF Bench "
        "trained or converted it; it is not the authors' model of the Diff-IF paper unless the notes below say so.",
        _facts(card, data, sha256, num_parameters),
        _usage(),
        "## Terms\n\nThe code is under AGPL-3.0-or-later. The weights are subject to the terms of the images that they "
        "were trained on, which `python -m datasets list NAME` prints; many allow research only.",
    ]
    if scores:
        parts.insert(4, _scores(scores, data))
    return "\n\n".join(parts) + "\n"


def _result(scores: Mapping[str, float], data: Mapping[str, Any]) -> dict[str, Any]:
    dataset = str(data.get("name", "unknown"))
    return {
        "task": {"type": TASK, "name": "infrared and visible image fusion"},
        "dataset": {"type": dataset, "name": dataset, "split": "val"},
        "metrics": [
            {"type": metric, "value": round(value, 4), "name": f"{metric}, convention standard"}
            for metric, value in scores.items()
        ],
    }


def _facts(card: CheckpointCard, data: Mapping[str, Any], sha256: str, num_parameters: int) -> str:
    trained = "unknown"
    if {"name", "split", "num_pairs", "fingerprint"} <= set(data):
        trained = f"{data['name']}/{data['split']}, {data['num_pairs']} pairs, fingerprint {data['fingerprint']}"
    facts = {
        "process": card.settings.process,
        "parameters": f"{num_parameters:,}",
        "recipe": card.recipe.get("name", "unknown"),
        "training steps": str(card.step),
        "data": trained,
        "sha256 of the weights": f"`{sha256}`",
        **{key: value.replace(*SHIPPED_NOTE) for key, value in card.notes.items() if isinstance(value, str)},
    }
    rows = [f"| {_cell(key)} | {_cell(value)} |" for key, value in facts.items()]
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _cell(value: object) -> str:
    # A note of somebody else's file must not become markup or break the table.
    text = " ".join(str(value).split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _scores(scores: Mapping[str, float], data: Mapping[str, Any]) -> str:
    rows = [f"| {_cell(metric)} | {value:.4f} |" for metric, value in scores.items()]
    where = _cell(data.get("name", "its data"))
    return "\n".join(
        [f"Validation on {where}, convention `standard`:", "", "| metric | mean |", "| --- | --- |", *rows]
    )


def _usage() -> str:
    return """## Use

```python
import diffif

fuser = diffif.from_pretrained("FOLDER")  # this folder, downloaded
fused = diffif.fuse("visible.png", "infrared.png", fuser, out="fused.png")
```

```sh
diffif fuse VISIBLE INFRARED --out FUSED --checkpoint FOLDER
```"""
