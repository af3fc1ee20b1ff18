"""Every YAML file that ships is handed to the command that reads it; one of an unknown kind fails here."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from diffif.training.recipe import load_recipe
from downstream.ablate.__main__ import read_settings
from downstream.presets import load_preset
from downstream.tasks import get_task, task_settings
from suite.settings import from_mapping, to_mapping

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("suite", "datasets", "diffif", "downstream", "reports")
FILES = sorted(file for package in PACKAGES for file in (REPOSITORY / package).rglob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_shipped_file_is_read_by_its_command(file: Path) -> None:
    folder = str(file.parent.relative_to(REPOSITORY))
    assert isinstance(yaml.safe_load(file.read_text(encoding="utf-8")), dict)
    if folder == "diffif/training/recipes":
        settings: object = load_recipe(file.stem)
    elif folder == "downstream/ablate/recipes":
        settings = read_settings(["--config", str(file)])
    elif file.parent.name == "presets":
        task = file.parent.parent.name
        preset = load_preset(task, file.stem)
        settings = task_settings(get_task(task), preset.settings, laboratory=False)
    else:
        pytest.fail(f"no command is known to read {file}")
    assert from_mapping(type(settings), to_mapping(settings)) == settings


def test_there_are_files_to_read() -> None:
    assert len(FILES) >= 6
