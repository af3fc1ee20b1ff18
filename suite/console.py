"""Tables on a terminal of any width, and in files, which have no width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

FILE_WIDTH = 160
"""Columns of a table in a file or pipe, where rich would take 80 and cut numbers off."""


def print_table(table: Table, *, file_width: int = FILE_WIDTH) -> None:
    """Print a table; where the terminal is too narrow for its columns, one block of lines per row instead.

    Args:
        table: Its first column names the rows.
        file_width: Columns where standard output is no terminal.
    """
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=file_width)
    if narrowest(table) <= console.width:
        console.print(table)
    else:
        console.print(stacked(table), soft_wrap=True, highlight=False)


def narrowest(table: Table) -> int:
    """The fewest terminal columns in which a table loses nothing: words whole, and columns that must not wrap."""
    from rich.console import Console

    unbounded = Console(width=10_000)
    width = unbounded.measure(table).minimum
    for column in table.columns:
        if column.no_wrap:  # which rich would cut off rather than widen the table
            texts = [str(column.header), *map(str, column.cells)]
            width += max(map(len, texts)) - max(len(word) for text in texts for word in text.split() or [""])
    return width


def stacked(table: Table) -> str:
    """The same table as text: each row's name, and below it one line for each of its other cells.

    >>> from rich.table import Table
    >>> table = Table("fuser", "mAP50", "recall", title="detection")
    >>> table.add_row("average", "90.3", "84.7")
    >>> print(stacked(table))
    detection
    average
      mAP50   90.3
      recall  84.7
    """
    heads = [str(column.header) for column in table.columns]
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    widest = max(map(len, heads[1:]), default=0)
    lines = [str(table.title)] if table.title else []
    for name, *cells in zip(*columns, strict=True):
        lines.append(name)
        lines += [f"  {head:<{widest}}  {cell}" for head, cell in zip(heads[1:], cells, strict=True)]
    return "\n".join(lines)
