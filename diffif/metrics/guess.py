"""Which convention did a published table probably use? Told from the ranges of its mean values.

The ranges are those of natural infrared-visible pairs; a table of unusual images can mislead, and several conventions
share most of their definitions. So the answer is a ranking with its reasons, not a verdict.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffif.metrics.conventions import CONVENTIONS
from diffif.metrics.metric import Metric
from diffif.metrics.registry import METRICS, get_metric
from suite.errors import ResultError


@dataclass(frozen=True)
class Evidence:
    """Means of one metric that fit some conventions and no other."""

    metric: str
    low: float
    high: float
    fits: tuple[str, ...]
    reason: str


EVIDENCE = (
    Evidence("sd", 0, 16, ("tang-uint8",), "8-bit arithmetic cuts SD below 16"),
    Evidence("sd", 16, 128, ("standard", "cddfuse", "tang", "vifb", "ivif-zoo"), "SD in grey levels"),
    Evidence("sf", 0, 1, ("tang-uint8",), "SF of images in [0, 1]"),
    Evidence("sf", 1, 361, ("standard", "cddfuse", "tang", "vifb", "ivif-zoo"), "SF in grey levels"),
    Evidence("psnr", 0, 45, ("standard", "cddfuse"), "PSNR of one and the same range"),
    Evidence("psnr", 45, 90, ("tang", "tang-uint8", "ivif-zoo", "vifb"), "PSNR with a peak of 255 and a small error"),
    Evidence("mse", 0, 1, ("tang", "tang-uint8", "ivif-zoo"), "MSE of images in [0, 1]"),
    Evidence("mse", 1, 65025, ("standard", "cddfuse"), "MSE in squared grey levels"),
    Evidence("rmse", 0, 1, ("vifb",), "RMSE as a norm per pixel"),
    Evidence("rmse", 1, 255, ("standard", "cddfuse"), "RMSE in grey levels"),
    Evidence("ssim", 0.2, 0.75, ("tang", "vf-bench"), "SSIM as a mean over the sources"),
    Evidence("ssim", 0.75, 1.15, ("cddfuse", "ivif-zoo", "tang-uint8"), "SSIM summed with a small L, or MEF-SSIM"),
    Evidence("ssim", 1.15, 2, ("standard", "vifb"), "SSIM summed over the sources, L = 255"),
    Evidence("ce", -1, 0.1, ("ivif-zoo",), "CE of sigmoids of grey levels"),
    Evidence("ce", 0.1, 100, ("standard", "cddfuse", "vifb"), "CE of histograms"),
    Evidence("qncie", 0.8, 1, ("liu2012",), "QNCIE, which the toolkit of Liu et al. prints"),
    Evidence("qm", 0, 3, ("liu2012",), "QM, which the toolkit of Liu et al. prints"),
    Evidence("qy", 0, 1, ("liu2012",), "QY, which the toolkit of Liu et al. prints"),
)

ROUNDING = 1e-6
"""By which a computed value may pass its limit."""
LARGEST_ENTROPY, UNUSUAL_PSNR, SUMMED_SSIM = 8.0, 70.0, 1.15
ESTIMATED = (
    "such a table was perhaps not measured: the network EvaNet (EvaJudge) estimates scores and prints EN above 8 and "
    "PSNR above 70. No convention gives its numbers"
)


@dataclass(frozen=True)
class Guess:
    """How well one convention fits a table."""

    convention: str
    fitting: tuple[str, ...]
    contradicting: tuple[str, ...]

    @property
    def score(self) -> int:
        """Columns that fit minus columns that contradict."""
        return len(self.fitting) - len(self.contradicting)


def guess_convention(means: Mapping[str, float]) -> list[Guess]:
    """Rank the conventions by how well they explain the mean values of a table.

    Args:
        means: Metric name (as in `METRICS`) -> mean value; metrics that tell nothing are ignored.

    Returns:
        Every convention, the best first; equals in the order of `CONVENTIONS`.
    """
    guesses = []
    for name in CONVENTIONS:
        fitting: list[str] = []
        contradicting: list[str] = []
        for evidence in EVIDENCE:
            value = means.get(evidence.metric, math.nan)
            if not evidence.low <= value < evidence.high:
                continue
            line = f"{evidence.metric} = {value:.4g}: {evidence.reason}"
            (fitting if name in evidence.fits else contradicting).append(line)
        guesses.append(Guess(name, tuple(fitting), tuple(contradicting)))
    return sorted(guesses, key=lambda guess: -guess.score)


@dataclass(frozen=True)
class PublishedTable:
    """The columns of a published table that name a metric."""

    columns: Mapping[str, Sequence[tuple[str, float]]]
    """Metric -> (what its row is called, value) for every row with a number."""

    @property
    def means(self) -> dict[str, float]:
        """Mean of every column."""
        return {metric: sum(value for _, value in cells) / len(cells) for metric, cells in self.columns.items()}

    def impossible(self) -> list[str]:
        """One line for every value that no definition of its metric can give."""
        lines = []
        for name, cells in self.columns.items():
            metric = get_metric(name)
            lines += impossible_cells(metric, cells, metric.value_range, "whatever the convention")
        if self._looks_estimated():
            lines.append(ESTIMATED)
        return lines

    def _looks_estimated(self) -> bool:
        means = {"en": 0.0, "psnr": 0.0, "ssim": 0.0} | self.means
        return means["en"] > LARGEST_ENTROPY or (means["psnr"] > UNUSUAL_PSNR and means["ssim"] > SUMMED_SSIM)


def impossible_cells(
    metric: Metric, cells: Iterable[tuple[str, float]], limits: tuple[float, float], whose: str
) -> list[str]:
    """One line for every value outside the limits; nan and infinite values are no numbers of a table.

    Args:
        metric: Whose values they are.
        cells: What a row is called, and its value.
        limits: Smallest and largest value possible.
        whose: By whom: "whatever the convention", or "under tang".
    """
    low, high = limits
    said = f"lies between {low:g} and {high:g}" if math.isfinite(high) else f"is at least {low:g}"
    return [
        f"{row}: {metric.label} = {value:g}, but it {said} {whose}"
        for row, value in cells
        if math.isfinite(value) and not low - ROUNDING <= value <= high + ROUNDING
    ]


def read_table(path: Path) -> PublishedTable:
    """The columns of a CSV file whose heading names a metric (SD, sd, Q_abf, MS-SSIM ...).

    Raises:
        ResultError: no such file, or no heading names a metric.
    """
    if not path.is_file():
        raise ResultError(f"no table at {path}. Pass a CSV file with one column per metric.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    headings = {heading: _metric_of(heading) for heading in (rows[0] if rows else {}) if heading}
    columns: dict[str, list[tuple[str, float]]] = {}
    for heading, metric in headings.items():
        for number, row in enumerate(rows, 1):
            value = _number(row[heading])
            if metric and value is not None:
                columns.setdefault(metric, []).append((_row_name(row, number), value))
    if not columns:
        raise ResultError(
            f"{path}: no column names a metric with numbers under it. Headings: {', '.join(headings) or 'none'}. "
            f"Known: {', '.join(METRICS)}."
        )
    return PublishedTable(columns)


def _row_name(row: Mapping[str, str | None], number: int) -> str:
    """The text of the first column where that is no number."""
    first = next(iter(row.values())) or ""
    return first if first and _number(first) is None else f"row {number}"


def _metric_of(heading: str) -> str | None:
    plain = "".join(sign for sign in heading.lower() if sign.isalnum())
    return {name.replace("_", ""): name for name in METRICS}.get(plain)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
