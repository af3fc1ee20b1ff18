"""What the prior does to the result: pixels optimised under Diff-IF's loss, the best that any network could do.

    python -m benchmarks.prior_dose --dataset msrs --root MSRS --prior PRIOR/Fusion_K --out FOLDER

For every pair, every candidate in turn is the prior, at several weights of its term; the other terms are the published
ones. Printed: how far the optimum lies from the prior and from the maximum of the sources, in grey levels, and what
the search's goal makes of it, beside what it makes of the prior itself. `FOLDER` gets the table as CSV and a plot.
Without a network nothing else than the loss can be the reason.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suite.command import run_settings

DOSES = (0.5, 2.0, 8.0, 32.0)
"""Weights of the prior's term; 2 is published."""
RATE = 0.03
"""Of Adam on images in [-1, 1], falling to 0."""


@dataclass(frozen=True, kw_only=True)
class DoseSettings:
    """Which pairs and candidates."""

    dataset: str
    """A name from `python -m datasets list`."""
    root: Path
    """Folder of the dataset."""
    prior: Path
    """Folder Fusion_K of a search over this dataset, whose candidates are still there."""
    out: Path
    """Folder to write."""
    pairs: int = 8
    """How many, evenly spaced over the training split."""
    side: int = 192
    """Side of the centre crop of each pair, in pixels."""
    steps: int = 200
    """Of Adam, for each optimum."""
    threads: int = 1
    """CPU threads."""


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.prior_dose", description=__doc__)


def run(options: DoseSettings) -> int:
    """Print the table; write it and the plot."""
    rows = measure(options)
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "prior_dose.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(table(rows))
    plot(rows, options.out / "prior_dose.png")
    return 0


def measure(options: DoseSettings) -> list[dict[str, float | str]]:
    """One row per pair, prior and dose."""
    import torch

    from datasets.images import read_pair, rgb_to_y
    from datasets.registry import load_dataset
    from diffif.prior.drawn import pool_of

    torch.set_num_threads(options.threads)
    samples = list(load_dataset(options.dataset, options.root, "train", "quality"))
    count = min(options.pairs, len(samples))
    chosen = [samples[round(k * (len(samples) - 1) / max(count - 1, 1))] for k in range(count)]
    rows: list[dict[str, float | str]] = []
    for sample in chosen:
        rgb, infrared = read_pair(sample.visible, sample.infrared)
        visible, infrared = (centre(x, options.side) for x in (rgb_to_y(rgb), infrared))
        for candidates in pool_of(options.prior):
            prior = centre(read_luma(candidates.path(sample.id)), options.side)
            for dose in DOSES:
                rows.append(
                    {"pair": sample.id, "prior": candidates.fuser, "dose": dose}
                    | one(visible, infrared, prior, dose, options.steps)
                )
    return rows


def one(visible, infrared, prior, dose: float, steps: int) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Optimise the pixels of one pair under one prior at one dose."""
    import torch

    from diffif.model.losses import LossSettings, image_terms

    settings = LossSettings(x0=dose)
    scaled = [2 * image - 1 for image in (visible, infrared, prior)]
    maximum = torch.maximum(visible, infrared)
    x = (sum(scaled) / 3).clone().requires_grad_()
    adam = torch.optim.Adam([x], lr=RATE)
    for step in range(steps):
        adam.param_groups[0]["lr"] = RATE * (1 - step / steps)
        adam.zero_grad()
        torch.stack(list(image_terms(x, *scaled, settings=settings).values())).sum().backward()
        adam.step()
    found = ((x.detach() + 1) / 2).clamp(0, 1)
    return {
        "to_prior": 255 * float((found - prior).abs().mean()),
        "to_max": 255 * float((found - maximum).abs().mean()),
        "goal": goal(found, visible, infrared),
        "goal_of_prior": goal(prior, visible, infrared),
    }


def goal(fused, visible, infrared) -> float:  # type: ignore[no-untyped-def]
    """What the search maximises."""
    from diffif.metrics import evaluate
    from diffif.prior.goal import SearchSettings

    weights = SearchSettings().weights
    values = evaluate(fused, visible, infrared, metrics=tuple(weights))
    return sum(weight * float(values[name][0]) for name, weight in weights.items())


def table(rows: Sequence[dict[str, float | str]]) -> str:
    """Means over the pairs, as Markdown."""
    lines = [
        "| prior | weight | grey levels to prior | to maximum | goal of the optimum | of the prior |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for prior in dict.fromkeys(row["prior"] for row in rows):
        for dose in DOSES:
            mine = [row for row in rows if row["prior"] == prior and row["dose"] == dose]
            means = [
                sum(float(r[k]) for r in mine) / len(mine) for k in ("to_prior", "to_max", "goal", "goal_of_prior")
            ]
            lines.append(f"| {prior} | {dose:g} | {means[0]:.1f} | {means[1]:.1f} | {means[2]:.3f} | {means[3]:.3f} |")
    return "\n".join(lines)


def plot(rows: Sequence[dict[str, float | str]], path: Path) -> None:
    """Distance to the prior over the weight of its term, one line per prior."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for prior in dict.fromkeys(row["prior"] for row in rows):
        for axis, key in zip(axes, ("to_prior", "to_max"), strict=True):
            means = [
                sum(float(r[key]) for r in rows if r["prior"] == prior and r["dose"] == dose)
                / sum(1 for r in rows if r["prior"] == prior and r["dose"] == dose)
                for dose in DOSES
            ]
            axis.plot(DOSES, means, marker="o", label=str(prior))
    for axis, title in zip(axes, ("Distance to the prior", "Distance to the maximum"), strict=True):
        axis.set(xscale="log", xticks=DOSES, xticklabels=[f"{dose:g}" for dose in DOSES], title=title)
        axis.set(xlabel="weight of the prior's term (published: 2)", ylabel="grey levels")
        axis.minorticks_off()
        axis.axvline(2, color="0.8", zorder=0)
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def read_luma(path: Path):  # type: ignore[no-untyped-def]
    from datasets.images import read_image

    return read_image(path, "grey")


def centre(image, side: int):  # type: ignore[no-untyped-def]
    top, left = ((full - side) // 2 for full in image.shape[-2:])
    return image[..., top : top + side, left : left + side]


if __name__ == "__main__":
    sys.exit(main())
