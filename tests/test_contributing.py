"""The recipes of CONTRIBUTING.md name files and tables that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`\n]+)`", TEXT)
PATHS = sorted({word for word in QUOTED if re.fullmatch(r"(tests|suite|datasets|diffif|downstream)/[\w./]+", word)})
TABLES = {
    "METRICS": "diffif/metrics/registry.py",
    "FUSERS": "diffif/fusers/registry.py",
    "DATASETS": "datasets/registry.py",
    "TASKS": "downstream/tasks.py",
    "DETECTORS": "downstream/detect/detectors.py",
    "SEGMENTERS": "downstream/segment/segmenters.py",
}


@pytest.mark.parametrize("path", PATHS)
def test_every_named_file_exists(path: str) -> None:
    assert (REPOSITORY / path).exists()


def test_every_named_table_is_a_literal_where_the_recipe_says() -> None:
    for table, file in TABLES.items():
        assert f"`{table}`" in TEXT
        assert re.search(rf"^{table} = {{$", (REPOSITORY / file).read_text(encoding="utf-8"), flags=re.MULTILINE), file


def test_there_is_a_recipe_for_every_kind_of_contribution() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    assert headings == ["A metric", "A fuser", "A dataset", "A task", "A submission to the leaderboard", "A detector"]


def test_the_make_targets_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"make (\w[\w-]*)", TEXT))
    assert {"test", "docs", "coverage", "golden"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
