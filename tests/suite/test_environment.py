"""Hugging Face's `datasets` beside ours: one clear message, from commands and from Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suite.environment import refuse_other_datasets


@pytest.fixture
def other_datasets(tmp_path: Path) -> dict[str, str]:
    """An environment, as variables, in which a distribution called `datasets` is installed."""
    info = tmp_path / "datasets-9.8.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: datasets\nVersion: 9.8.7\n")
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (path, str(tmp_path))))}


def test_our_own_environment_is_accepted() -> None:
    refuse_other_datasets()


def test_a_command_says_so_and_fails(other_datasets: dict[str, str]) -> None:
    command = [sys.executable, "-m", "diffif", "list"]
    done = subprocess.run(command, env=other_datasets, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: Hugging Face's package 'datasets' (9.8.7) is installed")
    assert "pip uninstall datasets" in done.stderr


def test_importing_a_function_says_so(other_datasets: dict[str, str]) -> None:
    command = [sys.executable, "-c", "import diffif; diffif.fuse"]
    done = subprocess.run(command, env=other_datasets, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "EnvironmentConflict: Hugging Face's package 'datasets' (9.8.7)" in done.stderr
