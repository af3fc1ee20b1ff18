"""The class that docs/extending.md shows works, with a stand-in for the network of its authors."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from diffif.fusers.registry import build_fuser
from tests.conftest import REPOSITORY
from tests.contracts.fuser_contract import make_pair


class MeanNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        return self.weight * (infrared + y)


def test_documented_class_fuses_through_the_command_line_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (REPOSITORY / "docs" / "extending.md").read_text()
    block = next(code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "class MetaFusion" in code)
    (tmp_path / "metafusion_fuser.py").write_text(block)
    authors = ModuleType("metafusion")
    authors.__dict__["FusionNet"] = MeanNetwork
    monkeypatch.setitem(sys.modules, "metafusion", authors)
    monkeypatch.syspath_prepend(tmp_path)
    torch.save(MeanNetwork().state_dict(), tmp_path / "net.pt")
    visible, infrared = make_pair(13, 17)
    fused = build_fuser(f"metafusion_fuser:MetaFusion@weights={tmp_path / 'net.pt'}").fuse(visible, infrared)
    torch.testing.assert_close(fused, build_fuser("average").fuse(visible, infrared), atol=1e-5, rtol=0)
