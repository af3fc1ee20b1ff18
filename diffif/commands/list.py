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

    table = Table("fuser", "kind", "parameters", "paper", "weights", title="Fusers")
    for row in list_fusers():
        parameters = "?" if row.num_parameters is None else f"{row.num_parameters:,}" if row.num_parameters else "-"
        weights = "here" if row.available else row.weights_needed
        table.add_row(row.name, row.kind, parameters, row.paper or "-", weights if row.weights_needed else "-")
    Console().print(table)
    return 0
