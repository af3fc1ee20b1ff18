"""The three recipes of docs/extending.md work as written, with stand-ins for the networks of their authors."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from datasets.images import rgb_to_y, write_image
from diffif.fusers.registry import build_fuser
from suite.errors import ImageError
from tests.conftest import REPOSITORY
from tests.contracts.fuser_contract import make_pair

TEXT = (REPOSITORY / "docs" / "extending.md").read_text(encoding="utf-8")


def documented(mark: str) -> str:
    """The Python example that contains the mark."""
    return next(code for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if mark in code)


class MeanNetwork(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        return self.weight * (infrared + y)


def test_documented_class_fuses_through_the_command_line_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "metafusion_fuser.py").write_text(documented("class MetaFusion"))
    authors = ModuleType("metafusion")
    authors.__dict__["FusionNet"] = MeanNetwork
    monkeypatch.setitem(sys.modules, "metafusion", authors)
    monkeypatch.syspath_prepend(tmp_path)
    torch.save(MeanNetwork().state_dict(), tmp_path / "net.pt")
    visible, infrared = make_pair(13, 17)
    fused = build_fuser(f"metafusion_fuser:MetaFusion@weights={tmp_path / 'net.pt'}").fuse(visible, infrared)
    torch.testing.assert_close(fused, build_fuser("average").fuse(visible, infrared), atol=1e-5, rtol=0)


def test_documented_export_makes_an_onnx_file_of_the_documented_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    block = documented("torch.onnx.export")
    (spec,) = re.findall(r"--fuser (onnx:\S+)", block)
    network = MeanNetwork()
    network.weight.data.fill_(0.25)
    exec(block, {"network": InfraredFirst(network)})
    visible, infrared = make_pair(13, 17, grey=True)
    fused = rgb_to_y(build_fuser(spec).fuse(visible, infrared))
    expected = (0.25 * (infrared + rgb_to_y(visible)) + 0.5 * infrared).clamp(0, 1)
    torch.testing.assert_close(fused, expected, atol=1e-5, rtol=0)


class InfraredFirst(nn.Module):
    """Gives infrared, its first input, more weight, so that exchanged inputs would be seen."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, infrared: Tensor, y: Tensor) -> Tensor:
        return self.network(infrared, y) + 0.5 * infrared


def test_documented_folder_is_read_by_the_pairs_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (spec,) = re.findall(r"--fuser (folder:\S+)", TEXT)
    (name,) = re.findall(r"file of pair `00131D` is `(\S+)`", TEXT)
    visible, infrared = make_pair(13, 17)
    grey = torch.rand(1, 13, 17, generator=torch.Generator().manual_seed(1))
    write_image(Path(spec.removeprefix("folder:")) / name, grey)
    assert "folder:PATH@chroma=visible" in TEXT
    for one in (spec, f"{spec}@chroma=visible,label=CDDFuse"):
        fused = build_fuser(one).fuse(visible, infrared, ids=["00131D"])
        if "@" not in one:
            torch.testing.assert_close(fused, grey.expand(1, 3, 13, 17), atol=1 / 255, rtol=0)
    assert build_fuser(one).label == "CDDFuse"
    assert (fused.amax(dim=1) - fused.amin(dim=1)).max() > 0.05
    with pytest.raises(ImageError, match="no image for 1 of the pairs"):
        build_fuser(spec).fuse(visible, infrared, ids=["00132D"])
