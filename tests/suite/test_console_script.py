"""The installed commands: short names for what `python -m` runs, from any folder."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from suite.console_script import COMMANDS, DEMO, bench

SCRIPT = "import sys; from suite.console_script import bench; sys.path.remove(''); sys.exit(bench())"
"""As pip writes it: the present folder is not on the path."""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_name_leads_to_a_command(name: str) -> None:
    assert find_spec(f"{COMMANDS[name][0]}.__main__") is not None


def test_every_command_has_a_name() -> None:
    repository = Path(__file__).resolve().parents[2]
    packages = ("datasets", "diffif", "downstream", "reports")
    files = [file for package in packages for file in (repository / package).rglob("__main__.py")]
    modules = {".".join(file.relative_to(repository).parent.parts) for file in files}
    assert modules == {module for module, _ in COMMANDS.values()}


def test_help_lists_the_commands_and_loads_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert bench([]) == 2


def test_the_words_are_handed_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        bench(["metrics", "--help"])
    assert stopped.value.code == 0
    assert "FUSED" in capsys.readouterr().out


def test_demo_is_the_job_of_make_demo() -> None:
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text(encoding="utf-8")
    fusers = re.findall(r"^FUSERS \?= (.*)$", makefile, flags=re.MULTILINE)[0].split()
    workdir = re.findall(r"^WORKDIR \?= (.*)$", makefile, flags=re.MULTILINE)[0]
    assert list(DEMO) == [*(word for fuser in fusers for word in ("--fuser", fuser)), "--workdir", workdir]


def test_further_words_reach_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(["demo", "--no-such-option"]) == 2
    assert "--no-such-option" in capsys.readouterr().err


def test_a_misspelled_command_is_a_usage_error_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(["detct"]) == 2
    assert "Did you mean 'detect'?" in capsys.readouterr().err


def test_the_version_is_that_of_the_installed_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(["--version"]) == 0
    assert capsys.readouterr().out.startswith("diffif-bench ")


def test_a_class_beside_the_work_is_found_and_a_folder_called_datasets_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from diffif.metrics import Metric\nraise SystemExit('mine was imported')\n")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "__init__.py").write_text("raise SystemExit('the wrong datasets')\n")
    (tmp_path / "a.png").write_bytes(b"")
    words = ["metrics", "a.png", "a.png", "a.png", "--metrics", "mine:BRIGHTNESS"]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.stderr.strip().endswith("mine was imported")
