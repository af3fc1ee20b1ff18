"""Miniatures that several test files check."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.layouts.fmb import FMB
from datasets.layouts.llvip import LLVIP
from tests.datasets.miniatures import write_fmb, write_llvip


@pytest.fixture
def fmb(tmp_path: Path) -> FMB:
    write_fmb(tmp_path)
    return FMB(tmp_path)


@pytest.fixture
def llvip(tmp_path: Path) -> LLVIP:
    write_llvip(tmp_path)
    return LLVIP(tmp_path)
