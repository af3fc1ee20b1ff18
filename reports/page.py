"""Views to one offline HTML file: the template, its style sheet and its scripts are inlined here.

Every number is computed before the template sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.atomic import write_text
from reports.boards import Board, build_boards
from reports.collect import Collection, collect
from reports.export import to_csv, to_latex
from reports.labels import MEDICAL_DATASETS
from reports.provenance import cards, collected_notes, gaps
from reports.tables import Table, class_table, evidence_table, leaderboard
from reports.verdict import verdict

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Built:
    """What one build wrote."""

    page: Path
    tables: tuple[Path, ...]
    size_bytes: int


def build_report(workdir: Path, *, out: Path | None = None) -> Path:
    """Read a working folder's records and write the page and its tables; returns the page's path.

    Args:
        workdir: The folder that holds `results/`.
        out: The page to write; `<workdir>/report/index.html` by default. Tables go to `tables/` beside it.

    Raises:
        WorkdirError: the folder does not exist or cannot be written.
        ResultError: it holds no readable record.
    """
    return build(workdir, out=out).page


def build(workdir: Path, *, out: Path | None = None) -> Built:
    """As `build_report`, and says what was written."""
    collection = collect(workdir)
    page = out or workdir / "report" / "index.html"
    boards = build_boards(collection)
    views = _views(collection, boards)
    written = write_tables(views["tables"], page.parent / "tables")
    html = _environment().get_template("report.html.j2").render(**views)
    write_text(page, html)
    return Built(page, tuple(written), page.stat().st_size)


def write_tables(tables: list[Table], folder: Path) -> list[Path]:
    """Write every table as CSV and as LaTeX; returns the paths."""
    written = []
    for table in tables:
        for suffix, text in ((".csv", to_csv(table)), (".tex", to_latex(table))):
            path = folder / f"{table.slug}{suffix}"
            write_text(path, text)
            written.append(path)
    return written


def _views(collection: Collection, boards: list[Board]) -> dict[str, Any]:
    medical = [b for b in boards if b.context.dataset.startswith(MEDICAL_DATASETS)]
    leaderboards = [leaderboard(board) for board in boards if board not in medical]
    medical_tables = [leaderboard(board) for board in medical]
    evidence = [t for t in map(evidence_table, boards) if t is not None]
    classes = [t for t in map(class_table, boards) if t is not None]
    missing = gaps(collection)
    return {
        "name": collection.name,
        "summary": _summary(collection),
        "findings": verdict(boards),
        "leaderboards": leaderboards,
        "medical": medical_tables,
        "evidence": evidence,
        "classes": classes,
        "tables": [*leaderboards, *medical_tables, *evidence, *classes],
        "gaps": [gap.text for gap in missing],
        "notes": collected_notes(collection),
        "damaged": collection.damaged,
        "superseded": [f"{r.cell_id}, {r.started}" for r in collection.superseded],
        "cards": cards(collection),
    }


def _summary(collection: Collection) -> list[tuple[str, str]]:
    rows = collection.rows
    started = max(record.started for record in collection.records.values())
    seeds = sorted({int(s) for s in rows["seed"].dropna()})
    return [
        ("Fusers", f"{rows['fuser'].nunique()}"),
        ("Datasets", f"{rows['dataset'].nunique()}"),
        ("Tasks", f"{rows['task'].nunique()}"),
        ("Seeds", f"{len(seeds)}" if seeds else "none"),
        ("Cells", f"{len(collection.records)}"),
        ("Latest", started[:10]),
    ]


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def inline(name: str) -> Markup:
        return Markup((TEMPLATES / name).read_text(encoding="utf-8"))

    environment.globals["inline"] = inline
    return environment
