"""A score of the user's own for targeted search: `package.module:function`.

The function takes what a fusion metric takes, `(fused, visible, infrared)`, each (B, 1, H, W) luma in [0, 1] with the
sources repeated for each of the B candidates, and returns (B,): larger is better, nan is undefined. What it says of
one image must not depend on the others of the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from suite.errors import SettingsError
from suite.outside import code_digest

ScoreFunction = Callable[[Tensor, Tensor, Tensor], Tensor]

EXAMPLE = "package.module:function, a function (fused, visible, infrared) -> (B,); see docs/method.md"
MARK_LENGTH = 12


def is_custom(name: str) -> bool:
    """Whether a term of the goal is a function of the user's own, not a metric."""
    return ":" in name


@lru_cache(maxsize=32)
def load_score(spec: str) -> ScoreFunction:
    """The function behind `package.module:function`.

    Raises:
        SettingsError: no such module, no such function in it, or it cannot be called.
    """
    module_name, _, attribute = spec.partition(":")
    try:
        module = import_module(module_name)
    except (ImportError, ValueError) as error:
        raise SettingsError(
            f"cannot import the score {spec!r}: {error}. Expected {EXAMPLE}. The module must be importable from here: "
            "run in its folder, or set PYTHONPATH."
        ) from error
    function = getattr(module, attribute, None)
    if not callable(function):
        found = "no such name" if function is None else f"{attribute} is {type(function).__name__}"
        functions = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        raise SettingsError(
            f"score {spec!r}: {found} in {module_name}. Expected {EXAMPLE}. "
            f"Functions there: {', '.join(functions) or 'none'}."
        )
    checked: ScoreFunction = function
    return checked


def code_mark(spec: str) -> str:
    """Hex digits of the function's file, so that kept scores are not taken for those of edited code."""
    load_score(spec)
    return code_digest(spec.partition(":")[0])[:MARK_LENGTH]


def apply_score(spec: str, fused: Tensor, visible: Tensor, infrared: Tensor, *, where: str) -> Tensor:
    """Score candidates of one pair.

    Args:
        spec: `package.module:function`.
        fused: Luma of the candidates, (B, 1, H, W), float32 in [0, 1].
        visible: Luma of the visible source, (1, 1, H, W).
        infrared: The infrared source, (1, 1, H, W).
        where: The pair's id, for error messages.

    Returns:
        (B,) float64 on the CPU; nan where the function says so.

    Raises:
        SettingsError: the function failed, or did not return one number per candidate.
    """
    count = fused.shape[0]
    try:
        with torch.no_grad():
            values: Any = load_score(spec)(fused, visible.expand_as(fused), infrared.expand_as(fused))
    except Exception as error:
        raise SettingsError(
            f"score {spec!r} failed on the pair {where}: {type(error).__name__}: {error}. "
            "It was called with (fused, visible, infrared), each "
            f"{tuple(fused.shape)}, float32 in [0, 1]. --debug shows where it failed."
        ) from error
    if not isinstance(values, Tensor):
        raise SettingsError(f"score {spec!r} returned {type(values).__name__}, expected a tensor ({count},).")
    if tuple(values.shape) != (count,):
        raise SettingsError(
            f"score {spec!r} returned shape {tuple(values.shape)} for {count} candidates, expected ({count},): one "
            "number per image. Average over the other axes, for example by .mean(dim=(1, 2, 3))."
        )
    return values.detach().to(device="cpu", dtype=torch.float64)
