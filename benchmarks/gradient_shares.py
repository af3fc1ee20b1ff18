"""Which loss term moves which network: shares of the gradient along a training of Diff-IF.

    python -m benchmarks.gradient_shares --recipe ablation --dataset msrs --root MSRS --prior PRIOR/Fusion_K

At a few steps of a real training the gradient of every weighted term is taken apart. Printed for the refiner and for
the denoiser: the norm of each term's gradient as a share of the sum of norms, and the cosine between the prior's term
and all other image terms together: -1 means that they pull in opposite directions.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from suite.command import run_settings


@dataclass(frozen=True, kw_only=True)
class ShareSettings:
    """Which training, and where to look at it."""

    dataset: str
    """A name from `python -m datasets list`."""
    root: Path
    """Folder of the dataset."""
    prior: Path
    """Folder of priors, <id>.png."""
    recipe: str = "ablation"
    """A recipe that ships, or a YAML file."""
    steps: int = 200
    """Training steps."""
    points: int = 4
    """Steps at which gradients are taken apart."""
    batches: int = 4
    """Over which shares are averaged at each point."""
    set: dict[str, Any] = field(default_factory=dict)
    """Any key of the recipe."""


def main(argv: Sequence[str] | None = None) -> int:
    return run_settings(run, argv, prog="python -m benchmarks.gradient_shares", description=__doc__)


def run(options: ShareSettings) -> int:
    """Train and print one table per network."""
    print(table(measure(options)))
    return 0


def measure(options: ShareSettings) -> list[dict[str, float | str]]:
    """One row per point, network and term."""
    import torch

    from datasets.registry import load_dataset
    from diffif.model.diffusion import DiffIF, losses_at
    from diffif.training.data import Crops, PriorPairs, as_training_batch, step_generator
    from diffif.training.recipe import load_recipe

    recipe = load_recipe(options.recipe, options.set)
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    model = DiffIF(recipe.model).train()
    samples = load_dataset(options.dataset, options.root, "train", "quality").samples
    crops = Crops(PriorPairs(samples, options.prior, recipe.data.crop), recipe.data, recipe.seed)
    adam = torch.optim.Adam(model.parameters(), lr=recipe.optimizer.lr)
    points = {round(k * options.steps / (options.points - 1)) for k in range(options.points)}
    size = recipe.data.batch_size
    rows: list[dict[str, float | str]] = []

    def terms_of(step: int):  # type: ignore[no-untyped-def]
        batch = as_training_batch(torch.stack([crops[step * size + place] for place in range(size)]))
        generator = step_generator(recipe.seed, "diffusion", step)
        level, x0_level = model.draw_training_levels(size, generator=generator, per_sample=recipe.loss.step_per_sample)
        noise = torch.randn(batch.target.shape, generator=generator)
        return losses_at(model, batch, noise=noise, noise_level=level, x0_level=x0_level, settings=recipe.loss)

    for step in range(options.steps + 1):
        if step in points:
            rows += [
                {"step": step, **row}
                for row in take_apart(model, [terms_of(step + 10**6 * (k + 1)) for k in range(options.batches)])
            ]
        adam.zero_grad()
        terms_of(step)["loss"].backward()
        adam.step()
    return rows


def take_apart(model, batches) -> list[dict[str, float | str]]:  # type: ignore[no-untyped-def]
    """Shares and cosines of one point, averaged over batches."""
    import torch

    rows: list[dict[str, float | str]] = []
    networks = {"refiner": model.refiner, "denoiser": model.denoise_fn}
    for network, module in networks.items():
        if module is None:
            continue
        parameters = list(module.parameters())
        shares: dict[str, list[float]] = {}
        cosines: list[float] = []
        for terms in batches:
            gradients = {
                name: torch.cat(
                    [
                        (torch.zeros_like(p) if g is None else g).flatten()
                        for p, g in zip(
                            parameters,
                            torch.autograd.grad(value, parameters, retain_graph=True, allow_unused=True),
                            strict=True,
                        )
                    ]
                )
                for name, value in terms.items()
                if name != "loss" and value.requires_grad
            }
            total = sum(float(g.norm()) for g in gradients.values())
            for name, gradient in gradients.items():
                shares.setdefault(name, []).append(float(gradient.norm()) / max(total, 1e-12))
            others = [g for name, g in gradients.items() if name not in ("x0", "eps")]
            if "x0" in gradients and others and float(gradients["x0"].norm()) > 0:
                together = torch.stack(others).sum(dim=0)
                cosines.append(float(torch.cosine_similarity(gradients["x0"], together, dim=0)))
        means = {name: sum(values) / len(values) for name, values in shares.items()}
        cosine = sum(cosines) / len(cosines) if cosines else float("nan")
        rows += [{"network": network, "term": name, "share": share, "cosine": cosine} for name, share in means.items()]
    return rows


def table(rows: Sequence[dict[str, float | str]]) -> str:
    """Markdown: a row per network and term, a column per step."""
    steps = list(dict.fromkeys(row["step"] for row in rows))
    lines = [f"| network | term | {' | '.join(f'step {step}' for step in steps)} |", "| --- " * (len(steps) + 2) + "|"]
    for network, term in dict.fromkeys((row["network"], row["term"]) for row in rows):
        shares = {row["step"]: row["share"] for row in rows if (row["network"], row["term"]) == (network, term)}
        if any(shares.values()):
            lines.append(f"| {network} | {term} | {' | '.join(f'{100 * float(shares[s]):.0f} %' for s in steps)} |")
    cosines = {row["step"]: row["cosine"] for row in rows if row["network"] == "refiner"}
    lines.append(f"| refiner | cosine of x0 | {' | '.join(f'{float(cosines[s]):.2f}' for s in steps)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
