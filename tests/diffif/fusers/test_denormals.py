"""Fusing takes denormal numbers as zero and leaves the caller's mode as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.denormals import TINY, flushed_denormals, flushes_denormals


@pytest.fixture(autouse=True, params=[False, True], ids=["kept", "flushed"])
def mode(request: pytest.FixtureRequest) -> Iterator[bool]:
    """The caller's mode, in which the test runs."""
    wanted = bool(request.param)
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor has no mode for denormal numbers")
    torch.set_flush_denormal(wanted)
    yield wanted
    torch.set_flush_denormal(False)


class Faint(Fuser):
    """A network whose activations are denormal."""

    name, label, kind = "faint", "Faint", "deep"

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        faint = torch.full_like(y, TINY) * 0.5
        return faint * 1e38 * 50  # 0.5 where denormals are kept


def test_the_mode_of_the_caller_is_told_and_restored(mode: bool) -> None:
    assert flushes_denormals() is mode
    with flushed_denormals():
        assert flushes_denormals()
    assert flushes_denormals() is mode


def test_it_is_restored_after_an_error(mode: bool) -> None:
    with pytest.raises(RuntimeError, match="inside"), flushed_denormals():
        raise RuntimeError("inside")
    assert flushes_denormals() is mode


def test_a_fuser_runs_without_denormals(mode: bool) -> None:
    grey = torch.full((1, 3, 8, 8), 0.25)
    fused = Faint().fuse(grey, grey[:, :1])
    assert fused.max() < 0.01
    assert flushes_denormals() is mode
