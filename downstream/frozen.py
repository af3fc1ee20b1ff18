"""The frozen protocol: one trained network, made from one method's images, judges the images of all."""

from __future__ import annotations

from collections.abc import Sequence

from downstream.methods import Method, ready_method
from suite.errors import SettingsError


def find_teacher(frozen_on: str, methods: Sequence[Method]) -> Method | None:
    """Whose images train the frozen network; None where every method trains its own.

    Raises:
        UnknownName, SettingsError, WeightsError, CheckpointError: the fuser cannot work.
        SettingsError: the fuser is what the grid varies.
    """
    if not frozen_on:
        return None
    if any(method.train and frozen_on == method.spec for method in methods):
        raise SettingsError(
            f"frozen_on: {frozen_on} is what this grid varies, so it cannot judge. Choose another fuser: visible, "
            "infrared, average ..., or other settings of it: diffif@steps=2."
        )
    same = next((method for method in methods if method.spec == frozen_on), None)
    budget = methods[0].max_memory_gib if methods else None
    return same or ready_method(frozen_on, budget)
