"""What a search found, as one table: each candidate's wins and mean scores, against the choice and against chance.

Not compared by plain means alone: a candidate that is missing or undefined for some pairs has its mean over other pairs
than the choice. `behind` compares the same pairs.
"""

from __future__ import annotations

import pandas as pd

CHOSEN, RANDOM = "chosen by search", "chosen at random"
FIXED = ("id", "candidate", "status", "chosen", "tied")


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """One row per candidate, most wins first, then the choice itself and a uniformly random choice.

    Args:
        table: From `targeted_search.search` or `draw`.

    Returns:
        `candidate`; `wins` and `share` of the pairs; and, after a search: `tied`, pairs in which it had the best score
        together with others; `undefined` and `missing` pairs; `score`, mean over the pairs where it is defined;
        `behind`, mean of the chosen score less its own over the same pairs; and the mean of each term. A random choice
        scores in each pair the mean of the defined candidates, in expectation.
    """
    num_pairs = max(int(table["id"].nunique()), 1)
    grouped = table.groupby("candidate", sort=False)
    summary = pd.DataFrame({"wins": grouped["chosen"].sum().astype("Int64")})
    summary["share"] = summary["wins"].astype(float) / num_pairs
    for status in ("undefined", "missing"):
        summary[status] = (table["status"] == status).groupby(table["candidate"], sort=False).sum().astype("Int64")
    if "score" in table:
        scored = table[table["status"] == "scored"].copy()
        terms = [name for name in table.columns if name not in (*FIXED, "score")]
        best = table[table["chosen"]].set_index("id")["score"]
        scored["behind"] = scored["id"].map(best) - scored["score"]
        means = ["score", "behind", *terms]
        summary.insert(2, "tied", grouped["tied"].sum().astype("Int64"))
        summary[means] = scored.groupby("candidate", sort=False)[means].mean()
        summary = summary.sort_values(["wins", "score"], ascending=False, kind="stable")
        summary.loc[CHOSEN, means] = scored.loc[scored["chosen"], means].mean()
        summary.loc[RANDOM, means] = scored.groupby("id", sort=False)[means].mean().mean()
    else:
        summary = summary.sort_values("wins", ascending=False, kind="stable")
    return summary.rename_axis("candidate").reset_index()


def format_summary(summary: pd.DataFrame) -> str:
    """The table for a terminal: percent, four digits, a dash where there is nothing to say."""
    shown = summary.copy()
    shown["share"] = ["-" if pd.isna(value) else f"{100 * value:.1f} %" for value in summary["share"]]
    for name in ("wins", "tied", "undefined", "missing"):
        if name in shown:
            shown[name] = ["-" if pd.isna(value) else str(value) for value in summary[name]]
    return shown.to_string(index=False, na_rep="-", float_format=lambda value: f"{value:.4f}")


def describe_search(table: pd.DataFrame) -> str:
    """The summary for a terminal, with what a reader must know of ties, undefined and missing scores."""
    counts = {status: int((table["status"] == status).sum()) for status in ("undefined", "missing")}
    notes = [f"{table['id'].nunique()} pairs, {table['candidate'].nunique()} candidates"]
    if "tied" in table:
        ties = int((table["chosen"] & table["tied"]).sum())
        notes.append(f"{ties} ties, decided by the order of the candidates" if ties else "no ties")
    notes += [f"{count} scores {status}" for status, count in counts.items() if count]
    return f"{format_summary(summarise(table))}\n{'; '.join(notes)}"
