"""--device: every spelling that users type, and clear refusals of what is not there."""

from __future__ import annotations

import pytest
import torch

from suite.device import FALLBACK_VARIABLE, listed_gpus, resolve_device
from suite.errors import DeviceError, SettingsError


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.mark.parametrize(
    ("text", "device"),
    [("auto", "cuda:0"), ("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("1", "cuda:1"), ("0,1", "cuda:0"),
     ("1,0", "cuda:1")],
)  # fmt: skip
@pytest.mark.usefixtures("two_gpus")
def test_every_spelling_of_a_gpu_is_understood(text: str, device: str) -> None:
    assert resolve_device(text) == device


@pytest.mark.parametrize("text", ["2", "cuda:2", "0,2"])
@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_that_is_not_there_is_named(text: str) -> None:
    with pytest.raises(DeviceError, match=f"--device {text}: this machine has 2 usable GPUs"):
        resolve_device(text)


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "cpu:0", "0,", "0;1", "-1", "0,0", "mps:0", ""])
def test_what_is_no_device_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--device"):
        resolve_device(text)


def test_listed_gpus_are_those_of_a_grid() -> None:
    assert listed_gpus("0,1") == (0, 1)
    assert listed_gpus("cuda:3") == (3,)
    assert listed_gpus("cuda") == listed_gpus("auto") == listed_gpus("mps") == ()


def test_apples_gpu_is_taken_where_it_is_and_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FALLBACK_VARIABLE, "1")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("mps") == "mps"
    assert "operations that it lacks run on the CPU" in capsys.readouterr().err
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="not usable here"):
        resolve_device("mps")
