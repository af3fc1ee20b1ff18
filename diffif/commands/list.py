"""List every fuser that --fuser takes: kind, paper, parameters, and whether its weights are here.

Weights are looked for in $DIFFIF_WEIGHTS, one folder per method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""


def run(arguments: Namespace) -> int:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    from diffif.fusers.listing import list_fusers

    rows = list_fusers()
    table = Table("fuser", "kind", "parameters", "weights", "paper", title="Fusers")
    for row in rows:
        table.add_row(
            row.name, row.kind, f"{row.num_parameters:,}" if row.num_parameters else "-", row.weights, row.paper
        )
    Console().print(table)
    return 0
