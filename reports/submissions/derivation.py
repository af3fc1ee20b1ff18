"""What follows from what within a record: its id from its settings, values from single images, intervals from both.

These checks need no image and no dataset. They find a number that was changed, unless whoever changed it also changed
the values of single images to fit; those are recomputed from the fused images (`reports.submissions.recomputation`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from reports.submissions.refusal import refusal
from reports.submissions.tables import ImageValues, Replicates
from suite.rows import NOT_OVER_IMAGES
from suite.settings import fingerprint
from suite.statistics.intervals import Interval, bootstrap_error, mean_interval, score_interval
from suite.statistics.scored import SUBSET

SAME = 1e-9
"""Relative difference of two sums of the same numbers."""
ROUNDED = 1e-6
"""Absolute difference that replicates with six decimals allow."""
FARTHEST = 1.5
"""Standard errors that a score may lie from the mean of its replicates; the bias of a bootstrap is far below one."""
CHANGED = "A number was changed, or the record was mixed with another. Submit the record as the suite wrote it."


def check_identity(place: str, folder_name: str, content: Mapping[str, Any]) -> None:
    """The cell id is the hash of the settings, and the folder carries it.

    Raises:
        ResultError: settings, id or folder were changed.
    """
    expected = f"{content['task']}-{fingerprint(content['settings'])}"
    if content["cell_id"] != expected:
        raise refusal(
            place, "cell_id", expected=f"{expected}, which follows from its settings", found=content["cell_id"],
            remedy="A setting was changed after the run. Submit the record as the suite wrote it.",
        )  # fmt: skip
    if folder_name != expected:
        raise refusal(place, "folder", expected=expected, found=folder_name, remedy="Rename the folder.")


def check_numbers(
    place: str, content: Mapping[str, Any], images: ImageValues, replicates: Replicates
) -> tuple[int, int]:
    """Derive every value and interval again that follows from something in the record.

    Args:
        place: Of the record, for messages.
        content: result.json.
        images: Values of single images.
        replicates: Bootstrap replicates.

    Returns:
        How many rows were derived again, and how many are stated alone.

    Raises:
        ResultError: a row differs from what it follows from; names the first.
    """
    derived = stated = 0
    for row in content["rows"]:
        metric, value = str(row["metric"]), float(row["value"])
        known = images.array(metric) if content["task"] == "quality" else None
        if known is not None:
            _check_mean(place, row, known)
        elif metric in replicates.by_metric:
            _check_replicates(place, metric, value, _interval(row), replicates)
        elif content["task"] == "quality" and row["unit"] not in NOT_OVER_IMAGES and SUBSET not in metric:
            raise refusal(
                place, f"{metric}, values of single images", expected="one per image", found="none", remedy=CHANGED
            )
        else:
            stated += 1
            continue
        derived += 1
    return derived, stated


def _check_mean(place: str, row: Mapping[str, Any], values: np.ndarray) -> None:
    metric, known = row["metric"], values[np.isfinite(values)]
    mean = float(known.mean()) if len(known) else math.nan
    if not _same(mean, float(row["value"])):
        raise refusal(
            place, f"{metric}, mean of {len(known)} images", expected=mean, found=float(row["value"]), remedy=CHANGED
        )
    if row["n"] != len(known):
        raise refusal(place, f"{metric}, n", expected=len(known), found=row["n"], remedy=CHANGED)
    expected, found = mean_interval(values), _interval(row)
    if not all(_same(a, b) for a, b in zip(expected, found, strict=True)):
        raise refusal(place, f"{metric}, 95 % interval", expected=list(expected), found=list(found), remedy=CHANGED)


def _check_replicates(place: str, metric: str, value: float, stated: Interval, replicates: Replicates) -> None:
    drawn = replicates.by_metric[metric]
    expected = score_interval(value, drawn, replicates.num_images)
    if not all(_same(a, b, ROUNDED) for a, b in zip(expected, stated, strict=True)):
        raise refusal(
            place,
            f"{metric}, 95 % interval from its replicates",
            expected=list(expected),
            found=list(stated),
            remedy=CHANGED,
        )
    known = drawn[np.isfinite(drawn)]
    error = bootstrap_error(drawn, replicates.num_images)
    if math.isfinite(error) and abs(float(known.mean()) - value) > max(FARTHEST * error, ROUNDED):
        raise refusal(
            place, f"{metric}, value", expected=f"near {known.mean():.4f}, the mean of its replicates", found=value,
            remedy=CHANGED,
        )  # fmt: skip


def _interval(row: Mapping[str, Any]) -> Interval:
    return float(row["ci_low"]), float(row["ci_high"])


def _same(a: float, b: float, absolute: float = 1e-12) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=SAME, abs_tol=absolute)
