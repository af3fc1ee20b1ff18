"""The documentation: the notebook runs, links lead somewhere, pages and objects of the reference exist."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.test_python_page import draw_pairs

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NAMES = sorted({name for page in PAGES for name in re.findall(r"^::: (\S+)", page.read_text(), flags=re.MULTILINE)})
NOTEBOOK = json.loads((DOCS / "first_steps.ipynb").read_text(encoding="utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in NOTEBOOK if cell["cell_type"] == "code"]


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


def test_links_that_leave_the_site_become_names_and_others_stay() -> None:
    spec = importlib.util.spec_from_file_location("outside_links", DOCS / "outside_links.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    page = SimpleNamespace(file=SimpleNamespace(abs_src_path=str(DOCS / "index.md")))
    text = "[README](../README.md), [LICENSE](../LICENSE), [Method](method.md#prior), [x](https://example.org/a.md)"
    assert hook.on_page_markdown(text, page=page, config={"docs_dir": str(DOCS)}, files=None) == (
        "README (`README.md` in the repository), `LICENSE`, [Method](method.md#prior), [x](https://example.org/a.md)"
    )


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed: make docs installs it")
    command = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=DOCS.parent, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "api" / "diffif" / "index.html").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_object_of_the_reference_exists_and_is_documented(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    try:
        found = import_module(name)
    except ModuleNotFoundError:
        found = getattr(import_module(module), attribute)
    assert found.__doc__


def test_the_notebook_is_saved_without_output() -> None:
    assert [cell["id"] for cell in NOTEBOOK if cell.get("outputs")] == []
    assert all(cell["source"] for cell in NOTEBOOK)


def test_the_notebook_installs_only_where_nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("subprocess.run", lambda command, **_: started.append(command))
    monkeypatch.chdir(tmp_path)
    install = compile(CODE[0], "the first cell", "exec")
    exec(install, {})
    assert started == []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "diffif_bench-0.2.0-py3-none-any.whl").touch()
    exec(install, {})
    assert [command[3] for command in started] == ["uninstall", "install"]
    assert started[1][-1] == "diffif_bench-0.2.0-py3-none-any.whl"


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["laboratory", "own"])
def test_the_notebook_runs_from_top_to_bottom(whose: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import matplotlib

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    cells = list(CODE)
    if whose == "own":
        # Nothing but what the reader is asked to fill in, and without the detector that the other run trains.
        draw_pairs(tmp_path / "mine", "visible", "infrared", ("a", "b", "c", "d"))
        cells = [cell.replace('MINE = ""', 'MINE = "mine"') for cell in cells if "seeds=" not in cell]
        cells.insert(1, "import downstream")
    names: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        exec(compile(cell, f"cell {number}", "exec"), names)
    assert len(names["pairs"]) == (4 if whose == "own" else 3)
    assert list(names["table"].columns) == ["Qabf", "SSIM", "VIF"]
    assert sorted(names["table"].index) == ["average", "diffif", "laplacian"]
    assert len(names["figure"].axes) == 5
    matplotlib.pyplot.close("all")
    if whose == "laboratory":
        found = names["found"]
        assert sorted(found.index) == ["average", "infrared", "visible"]
        assert found.loc["visible", "shown by infrared alone"] < 20 < found.loc["average", "shown by infrared alone"]
