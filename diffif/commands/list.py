"""List every fuser that --fuser takes: kind, paper, parameters, and whether its weights are here.

With a name: everything about that fuser, such as the whole citation and where its authors publish the weights.
Weights are looked for in $DIFFIF_WEIGHTS, one folder per method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class ListFusers:
    """What to list."""

    name: Annotated[str | None, Argument(positional=True)] = None
    """The fuser to describe in full; without it the table of all."""


def run(settings: ListFusers) -> int:
    """Print the table, or one fuser."""
    if settings.name is None:
        _print_table()
    else:
        _print_fuser(settings.name)
    return 0


def _print_table() -> None:
    from rich.table import Table

    from diffif.fusers.listing import list_fusers, short_citation
    from suite.console import print_table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("fuser", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("params", justify="right", no_wrap=True)
    table.add_column("weights", no_wrap=True)
    table.add_column("paper")
    rows = list_fusers()
    for row in rows:
        weights = "-" if not row.weights_needed else "here" if row.available else "needed"
        table.add_row(row.name, row.kind, row.parameters, weights, short_citation(row.paper) or "-")
    print_table(table)
    print("\nOne fuser in full, with where to get its weights: python -m diffif list NAME")


def _print_fuser(name: str) -> None:
    from diffif.fusers.listing import describe

    row = describe(name)
    facts = {
        "fuser": f"{row.name} ({row.label})",
        "kind": row.kind,
        "paper": row.paper or "-",
        "year": str(row.year or "-"),
        "parameters": row.parameters,
        "settings": "; ".join(row.settings) or "-",
        "weights": row.weights_needed or "-",
        "runs now": "yes" if row.available else "no, the weights are needed",
    }
    for fact, value in facts.items():
        print(f"{fact:<12}{value}")
