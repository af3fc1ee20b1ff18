"""The README promises commands, options and files: each is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MODULES = sorted(set(re.findall(r"python -m ((?:datasets|diffif|downstream|reports)[\w.]*)", README)))
LINKS = sorted({link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link})


def help_of(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments, "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_promised_commands_are_named() -> None:
    promised = {
        "downstream.detect",
        "downstream.segment",
        "downstream.quality",
        "downstream.ablate",
        "reports",
        "diffif",
    }
    assert promised <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_command_of_the_readme_answers(module: str) -> None:
    assert len(help_of(module)) > 300


def test_every_option_of_the_readme_exists() -> None:
    for line in re.findall(r"^python -m ((?:diffif|downstream|reports).*)$", README, flags=re.MULTILINE):
        words = line.split("#")[0].split()
        arguments = words[1:2] if words[0] == "diffif" else []
        text = help_of(words[0], *arguments)
        missing = [word for word in words if word.startswith("--") and word not in text]
        assert not missing, line


@pytest.mark.parametrize("link", LINKS)
def test_every_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert (REPOSITORY / link).exists()


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_an_option_that_does_not_exist_would_be_noticed() -> None:
    assert "--no-such-option" not in help_of("downstream.detect")
