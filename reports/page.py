"""Views to one offline HTML file: the template, its style sheet and its scripts are inlined here.

Every number is computed before the template sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reports.changes import summary_line
from reports.collect import collect
from reports.export import is_ours, to_csv, to_latex
from reports.tables import Table
from reports.views import Views, build_views
from suite.files import write_text

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Built:
    """What one build wrote."""

    page: Path
    tables: tuple[Path, ...]
    size_bytes: int
    changes: str
    """One line on what differs from the other working folder; empty if none was given."""


def build_report(workdir: Path, *, out: Path | None = None, diff: Path | None = None) -> Built:
    """Read a working folder's records and write the page and its tables.

    Args:
        workdir: The folder that holds `cells/`.
        out: The page to write; `<workdir>/report/index.html` by default. Tables go to `tables/` beside it.
        diff: Another working folder; the page then opens its tables with what changed since.

    Raises:
        WorkdirError: a folder does not exist or cannot be written.
        ResultError: a folder holds no readable record.
    """
    collection = collect(workdir)
    views = build_views(collection, other=collect(diff) if diff is not None else None)
    page = out or workdir / "report" / "index.html"
    written = write_tables(views.tables, page.parent / "tables")
    write_text(page, render(views))
    changes = summary_line(views.comparison) if views.comparison is not None else ""
    return Built(page, tuple(written), page.stat().st_size, changes)


def write_tables(tables: Sequence[Table], folder: Path) -> list[Path]:
    """Write every table as CSV and as LaTeX and remove what an earlier report left; returns the paths."""
    written = []
    for table in tables:
        for suffix, text in ((".csv", to_csv(table)), (".tex", to_latex(table))):
            path = folder / f"{table.slug}{suffix}"
            write_text(path, text)
            written.append(path)
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path not in written and is_ours(path):
            path.unlink()
    return written


def render(views: Views) -> str:
    """The page as text."""
    return environment().get_template("report.html.j2").render(views=views)


def environment() -> Environment:
    """Where templates are found and how they are filled: every text is escaped, an unknown name is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def inline(name: str) -> Markup:
        return Markup((TEMPLATES / name).read_text(encoding="utf-8"))

    found.globals["inline"] = inline
    found.tests["table"] = lambda item: isinstance(item, Table)
    found.filters["trusted"] = Markup
    return found
