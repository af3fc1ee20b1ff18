"""The picture of a search: who won how often, and how far the scores of the candidates lie apart."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from diffif.prior.summary import CHOSEN, RANDOM
from suite.files import write_file

PLAIN, MARKED = "#8fa3b8", "#c8553d"
LABEL_LENGTH = 32


def plot_search(table: pd.DataFrame, path: Path) -> None:
    """Draw wins per candidate and the spread of scores over the pairs.

    Args:
        table: From `targeted_search.search`.
        path: Target file; its suffix chooses the format (.png, .svg).
    """
    import seaborn as sns
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    wins = table.groupby("candidate", sort=False)["chosen"].sum().sort_values(ascending=False, kind="stable")
    scored = table[table["status"] == "scored"]
    if scored.empty:
        return
    chosen = scored[scored["chosen"]].assign(candidate=CHOSEN)
    chance = scored.groupby("id", sort=False)["score"].mean().reset_index().assign(candidate=RANDOM)
    spread = pd.concat([part[["candidate", "score"]] for part in (scored, chosen, chance)], ignore_index=True)
    order = [*wins.index, CHOSEN, RANDOM]
    with sns.axes_style("whitegrid", {"axes.grid": False}):
        figure = Figure(figsize=(10, 1.4 + 0.36 * len(order)), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(2, 3))
    sns.barplot(x=wins.to_numpy(), y=list(wins.index), order=list(wins.index), orient="h", color=PLAIN, ax=left)
    for place, count in enumerate(wins):
        left.annotate(f" {count}", (count, place), va="center", fontsize=9)
    left.margins(x=0.12)
    left.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    left.set(title=f"Wins, of {table['id'].nunique()} pairs", xlabel="pairs won", ylabel="")
    sns.boxplot(
        data=spread, x="score", y="candidate", order=order, hue="candidate", hue_order=order, orient="h", legend=False,
        palette={name: MARKED if name == CHOSEN else PLAIN for name in order}, width=0.6, fliersize=2, linewidth=0.8,
        ax=right,
    )  # fmt: skip
    right.set(title="Score of each pair (quartiles; higher is better)", xlabel="score", ylabel="")
    for axes in (left, right):
        sns.despine(ax=axes, left=True)
        axes.grid(visible=True, axis="x", linewidth=0.5)
        names = [label.get_text() for label in axes.get_yticklabels()]
        axes.set_yticks(range(len(names)), [_shorten(name) for name in names])
    with write_file(path) as temporary:
        figure.savefig(temporary, dpi=150)


def _shorten(name: str) -> str:
    return name if len(name) <= LABEL_LENGTH else f"…{name[1 - LABEL_LENGTH :]}"
