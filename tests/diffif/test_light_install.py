"""The installation of docs/deployment.md without a detector, a segmentation network and a report."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deployment.md"


def packages_of_the_page() -> list[str]:
    (line,) = re.findall(r"^pip install (torch .*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return line.split()


@pytest.mark.slow
def test_metrics_and_fusers_need_only_the_packages_of_the_page() -> None:
    command = [sys.executable, "-W", "ignore", Path(__file__).with_name("light_install.py"), *packages_of_the_page()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "metrics, " in done.stdout
    assert "convention: standard" in done.stdout


@pytest.mark.slow
def test_a_package_that_is_left_out_is_missed() -> None:
    few = [name for name in packages_of_the_page() if name != "PyWavelets"]
    command = [sys.executable, "-W", "ignore", Path(__file__).with_name("light_install.py"), *few]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode != 0
    assert [line for line in done.stdout.splitlines() if line.startswith("fuser dwt: ") and "'pywt'" in line]
