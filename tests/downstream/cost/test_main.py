"""Cost: numbers that can be known beforehand, and failures that are results."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from downstream.cost.__main__ import chosen_fusers, main, parse_sizes
from downstream.cost.probe import Cost, Request, measure_cost
from suite.errors import SettingsError, UnknownName
from suite.records import iter_records

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
    own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {(32, 48): Cost(milliseconds=3.0, flops=5e9, peak_memory=2**21), (64, 96): Cost(failure="out of memory")}
    monkeypatch.setattr("downstream.cost.probe.measure_cost", lambda r: answers[r.height, r.width])
    arguments = [
        "--fuser",
        f"{own}:OneConvolution",
        "--sizes",
        "32x48,64x96",
        "--no-report",
        "--workdir",
        str(tmp_path),
    ]
    assert main(arguments) == 0
    (record,) = iter_records(tmp_path)
    values = {row.metric: row.value for row in record.rows}
    assert values["parameters"] == 18
    assert values["ms/32x48"] == 3.0
    assert math.isnan(values["ms/64x96"])
    assert (values["failed/32x48"], values["failed/64x96"]) == (0.0, 1.0)
    assert any(note.startswith("out of memory at 64x96") for note in record.notes)
    shown = capsys.readouterr().out
    assert "out of memory" in shown
    assert "5.0" in shown
    assert main(arguments) == 0
    assert "already measured" in capsys.readouterr().out


def test_sizes_and_names_are_checked() -> None:
    assert parse_sizes(["480x640", "960x1440,480x640"]) == ((480, 640), (960, 1440))
    for text in ("480", "axb", "8x640", ","):
        with pytest.raises(SettingsError, match="--sizes"):
            parse_sizes([text])
    with pytest.raises(UnknownName, match="'average'"):
        chosen_fusers(["avrage"], [])
    with pytest.raises(SettingsError, match="at least one fuser"):
        chosen_fusers([], [])


def test_an_imported_folder_has_no_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "images").mkdir()
    assert main(["--fuser", f"folder:{tmp_path / 'images'}", "--workdir", str(tmp_path / "work")]) == 1
    assert capsys.readouterr().err.startswith("error:")
