"""Cost: numbers that can be known beforehand, and failures that are results."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets.images import write_image
from downstream.cost.__main__ import main
from downstream.cost.probe import Request, measure_cost
from downstream.cost.settings import CostSettings, parse_sizes
from suite.errors import SettingsError
from suite.records import read_record, record_dirs

NETWORK = """
import torch
from diffif.fusers.base import Fuser

class OneConvolution(Fuser):
    name, label, kind = "one", "One", "deep"
    def __init__(self, *, device="cpu"):
        super().__init__(device=device)
        self.network = torch.nn.Conv2d(2, 1, 3, padding=1, bias=False)
    def modules(self):
        return (self.network,)
    def _fuse_luma(self, y, infrared):
        return self.network(torch.cat((y, infrared), 1))

class Greedy(OneConvolution):
    def _fuse_luma(self, y, infrared):
        return torch.ones(2**33)[:1].expand_as(y) * y

class Killed(OneConvolution):
    def _fuse_luma(self, y, infrared):
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)

class Slow(OneConvolution):
    def _fuse_luma(self, y, infrared):
        import time
        time.sleep(60)

class Broken(OneConvolution):
    def _fuse_luma(self, y, infrared):
        raise ValueError("a bug of its own")
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_fusers.py").write_text(NETWORK)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[3]}")
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("own_fusers", None)
    return "own_fusers"


def request(fuser: str, *, timeout: float = 120.0, limit: float = 8.0) -> Request:
    return Request(
        fuser=fuser,
        height=64,
        width=80,
        device="cpu",
        repeats=2,
        warmup=0,
        memory_limit_gib=limit,
        timeout_seconds=timeout,
        num_threads=1,
    )


def test_operations_of_one_convolution_are_those_of_the_textbook(own: str) -> None:
    cost = measure_cost(request(f"{own}:OneConvolution"))
    # Two operations for each of 2 * 3 * 3 products at every pixel.
    assert cost.flops == 2 * 18 * 64 * 80
    assert cost.milliseconds > 0
    assert cost.failure == ""


@pytest.mark.parametrize(("name", "failure"), [("Greedy", "out of memory"), ("Killed", "out of memory")])
def test_running_out_of_memory_is_a_result(own: str, name: str, failure: str) -> None:
    cost = measure_cost(request(f"{own}:{name}"))
    assert cost.failure == failure
    assert math.isnan(cost.milliseconds)


def test_an_endless_fuser_is_a_result_too(own: str) -> None:
    assert measure_cost(request(f"{own}:Slow", timeout=4.0)).failure == "timeout"


def test_a_bug_of_the_fuser_is_passed_on(own: str) -> None:
    with pytest.raises(SettingsError, match="a bug of its own"):
        measure_cost(request(f"{own}:Broken"))


def test_the_command_records_failures_beside_numbers(
    own: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--fuser", f"{own}:OneConvolution", f"{own}:Greedy", "--sizes", "32x48,64x96", "--repeats", "1", "--warmup",
        "0", "--memory-limit-gib", "8", "--device", "cpu", "--no-report", "--workdir", str(tmp_path),
    ]  # fmt: skip
    assert main(arguments) == 0
    records = {record.rows[0].fuser: record for record in map(read_record, record_dirs(tmp_path))}
    values = {row.metric: row.value for row in records[f"{own}:OneConvolution"].rows}
    assert values["parameters"] == 18
    assert values["flops/32x48"] == 2 * 18 * 32 * 48
    assert values["ms/64x96"] > 0
    failed = {row.metric: row.value for row in records[f"{own}:Greedy"].rows}
    assert math.isnan(failed["ms/64x96"])
    assert (failed["failed/32x48"], failed["failed/64x96"]) == (1.0, 1.0)
    assert any(note.startswith("out of memory at 64x96") for note in records[f"{own}:Greedy"].notes)
    assert "out of memory" in capsys.readouterr().out
    assert main(arguments) == 0
    assert "cached" in capsys.readouterr().out


def test_sizes_and_names_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_sizes(["480x640", "960x1440,480x640"]) == ((480, 640), (960, 1440))
    for text in ("480", "axb", "8x640", ","):
        with pytest.raises(SettingsError, match="--sizes"):
            CostSettings(sizes=(text,))
    with pytest.raises(SettingsError, match="--repeats"):
        CostSettings(repeats=0)
    assert main(["--fuser", "avrage", "--workdir", str(tmp_path)]) == 1
    assert "'average'" in capsys.readouterr().err


def test_an_imported_folder_has_no_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_image(tmp_path / "images" / "a.png", np.zeros((8, 8, 3), dtype=np.uint8))
    assert main(["--fuser", f"folder:{tmp_path / 'images'}", "--workdir", str(tmp_path / "work")]) == 1
    assert "there is nothing to measure" in capsys.readouterr().err
