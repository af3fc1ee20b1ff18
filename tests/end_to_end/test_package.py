"""The wheel, built from the source archive and installed where the repository is not: files, imports, results.

Dependencies are those of the running environment, so nothing is downloaded.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from datasets.images import read_array
from tests.test_python_page import MINE, SNIPPETS, STUDY, draw_pairs

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("suite", "datasets", "diffif", "downstream", "reports")
ROOM_FOR_GROWTH = 20e6
"""Bytes that a wheel may have; most of them are weights."""
IMPORT_ALL = """
import pkgutil, sys
from importlib import import_module
for package in sys.argv[1:]:
    for found in pkgutil.walk_packages(import_module(package).__path__, package + "."):
        import_module(found.name)
    print(import_module(package).__file__)
"""
pytestmark = pytest.mark.slow


def run(*words: str | Path, cwd: Path) -> str:
    """Run a program that does not see the repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=900
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel in it."""

    wheel: Path
    archive: Path
    bin: Path

    def run(self, *words: str, cwd: Path) -> str:
        """Run a program of the environment in a folder of the user's; returns what it printed."""
        return run(self.bin / words[0], *words[1:], cwd=cwd)


def tracked(*folders: str) -> list[str]:
    """Files of the repository, without what git ignores."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (REPOSITORY / name).is_file()]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    root = tmp_path_factory.mktemp("package")
    for name in tracked():
        (root / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "source" / name).write_bytes((REPOSITORY / name).read_bytes())
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", root / "dist", root / "source", cwd=root)
    (wheel,), (archive,) = (root / "dist").glob("*.whl"), (root / "dist").glob("*.tar.gz")
    return Installed(wheel, archive, make_environment(root / "environment", wheel))


def make_environment(folder: Path, wheel: Path) -> Path:
    """A virtual environment with the wheel and the dependencies of the running one; returns its folder of programs."""
    venv.create(folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip(programs, "install", "--no-deps", wheel)
    # Lines of a .pth file are folders; .pth files inside them, an editable installation's too, are not read.
    (site,) = folder.rglob("site-packages")
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(folders) + "\n")
    return programs


def pip(programs: Path, command: str, *words: str | Path) -> None:
    """Install or remove something there, without the index."""
    offline = ("--no-index",) if command == "install" else ("--yes",)
    run(sys.executable, "-m", "pip", "--python", programs / "python", command, *offline, *words, cwd=programs)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The user's folder, with one pair."""
    draw_pairs(tmp_path, "vi", "ir", ("1",))
    return tmp_path


def test_wheel_and_source_archive_hold_every_file_of_the_packages(installed: Installed) -> None:
    wanted = set(tracked(*PACKAGES))
    in_wheel = zipfile.ZipFile(installed.wheel).namelist()
    assert wanted - set(in_wheel) == set()
    assert [name for name in in_wheel if name not in wanted and ".dist-info/" not in name] == []
    with tarfile.open(installed.archive) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert (wanted | {"constraints.txt", "README.md", "LICENSE", "CHANGELOG.md"}) - names == set()
    assert installed.wheel.stat().st_size < ROOM_FOR_GROWTH


def test_every_module_comes_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    printed = installed.run("python", "-W", "ignore", "-c", IMPORT_ALL, *PACKAGES, cwd=tmp_path)
    folder = str(installed.bin.parent)
    assert [line for line in printed.splitlines() if not line.startswith(folder)] == []


def test_the_snippets_of_the_readme_run(installed: Installed, elsewhere: Path) -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (elsewhere / "vi" / "1.png").rename(elsewhere / "visible.png")
    (elsewhere / "ir" / "1.png").rename(elsewhere / "infrared.png")
    snippets = re.findall(r"^```python\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    assert snippets
    for snippet in snippets:
        installed.run("python", "-c", snippet, cwd=elsewhere)
    assert read_array(elsewhere / "fused.png").shape == (72, 80, 3)


def test_the_snippets_of_the_page_on_python_run_one_after_the_other(installed: Installed, elsewhere: Path) -> None:
    (elsewhere / "vi" / "1.png").rename(elsewhere / "visible.png")
    (elsewhere / "ir" / "1.png").rename(elsewhere / "infrared.png")
    for split in ("train", "val"):
        draw_pairs(elsewhere / "pairs" / split, "visible", "infrared", (f"{split}1", f"{split}2"))
    draw_pairs(elsewhere / "campus", "left", "right", ("1", "2", "3"))
    snippets = [snippet for snippet in SNIPPETS if snippet not in (MINE, STUDY)]
    (elsewhere / "page.py").write_text("\n".join(snippets))
    assert "'qabf': " in installed.run("python", "-W", "ignore", "page.py", cwd=elsewhere)


def test_fuse_and_score_by_the_installed_commands(installed: Installed, elsewhere: Path) -> None:
    installed.run("diffif", "fuse", "vi", "ir", "--out", "fused", cwd=elsewhere)
    words = ["fused", "vi", "ir", "--convention", "cddfuse", "--csv", "scores.csv", "--latex", "scores.tex"]
    printed = installed.run("diffif-bench", "metrics", *words, cwd=elsewhere)
    assert printed.startswith("convention: cddfuse\n")
    assert printed == installed.run("python", "-m", "diffif.metrics", *words, cwd=elsewhere)
    assert len((elsewhere / "scores.csv").read_text().splitlines()) == 2
    assert r"\toprule" in (elsewhere / "scores.tex").read_text()


def test_a_detection_from_nothing_to_a_report(installed: Installed, tmp_path: Path) -> None:
    few = ["num_train=8", "num_val=4", "num_test=4", "height=64", "width=96"]
    options = ["--seeds", "0", "--epochs", "1", "--imgsz", "64", "--synthetic", *few]
    printed = installed.run("diffif-bench", "detect", "--fuser", "average", *options, cwd=tmp_path)
    assert "│ average" in printed
    assert "<html" in (tmp_path / "runs" / "report" / "index.html").read_text(encoding="utf-8")


def test_what_ships_beside_the_code_is_found(installed: Installed, tmp_path: Path) -> None:
    recipe = "from diffif.training.recipe import load_recipe; print(load_recipe('ivf').iterations)"
    assert int(installed.run("python", "-c", recipe, cwd=tmp_path)) > 1000
    assert "llvip" in installed.run("diffif-bench", "datasets", "list", cwd=tmp_path)
    assert installed.run("diffif-bench", "--version", cwd=tmp_path).startswith("diffif-bench ")


def test_hugging_faces_datasets_in_the_same_environment_is_refused_and_the_remedy_helps(
    installed: Installed, tmp_path: Path
) -> None:
    other = tmp_path / "datasets-9.8.7-py3-none-any.whl"
    with zipfile.ZipFile(other, "w") as archive:
        for name in ("datasets/__init__.py", "datasets/splits.py"):  # of which we have our own
            archive.writestr(name, "raise RuntimeError('not ours')\n")
        info = "datasets-9.8.7.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: datasets\nVersion: 9.8.7\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "datasets/__init__.py,,\ndatasets/splits.py,,\n")
    programs = make_environment(tmp_path / "shared", installed.wheel)
    pip(programs, "install", "--no-deps", other)
    refused = subprocess.run([programs / "diffif", "list"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "'datasets' (9.8.7) is installed in this environment" in refused.stderr
    assert "pip uninstall datasets" in refused.stderr
    assert "pip install --force-reinstall --no-deps" in refused.stderr
    pip(programs, "uninstall", "datasets")
    pip(programs, "install", "--force-reinstall", "--no-deps", installed.wheel)
    assert "average" in run(programs / "diffif", "list", cwd=tmp_path)
