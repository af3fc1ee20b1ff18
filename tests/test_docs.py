"""The documentation: the notebook runs, links lead somewhere, pages and objects of the reference exist."""

from __future__ import annotations

import ast
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NAMES = sorted({name for page in PAGES for name in re.findall(r"^::: (\S+)", page.read_text(), flags=re.MULTILINE)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_site_holds_every_page() -> None:
    def files(entries: Any) -> list[str]:
        if isinstance(entries, str):
            return [entries]
        parts = entries.values() if isinstance(entries, dict) else entries
        return [file for part in parts for file in files(part)]

    listed = files(yaml.safe_load((DOCS.parent / "mkdocs.yml").read_text())["nav"])
    assert sorted(listed) == sorted([*(str(page.relative_to(DOCS)) for page in PAGES), "first_steps.ipynb"])


@pytest.mark.parametrize("name", NAMES)
def test_every_object_of_the_reference_exists_and_is_documented(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    try:
        found = import_module(name)
    except ModuleNotFoundError:
        found = getattr(import_module(module), attribute)
    assert found.__doc__


def test_the_notebook_runs_from_top_to_bottom(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    cells = json.loads((DOCS / "first_steps.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], f"cell {number} was saved with its output"
            tree = ast.parse("".join(cell["source"]))
            exec(compile(tree, f"cell {number}", "exec"), names)
    assert list(names["table"].columns) == ["ssim", "vif", "qabf"]
    assert sorted(names["table"].index) == ["average", "diffif@steps=1", "laplacian"]
    assert len(names["figure"].axes) == 5
    matplotlib.pyplot.close("all")
