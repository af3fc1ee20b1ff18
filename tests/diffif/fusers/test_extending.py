"""The forms and recipes of docs/extending.md work as written, with stand-ins for the networks of their authors."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from datasets.images import rgb_to_y, write_image
from diffif.fusers.deep.refusion import ReFusionNetwork
from diffif.fusers.output_range import stretch
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
    network, file = MeanNetwork(), tmp_path / "net.pt"
    torch.save(network.state_dict(), file)
    visible, infrared = make_pair(13, 17)
    fuser = build_fuser(f"metafusion_fuser:MetaFusion@weights={file}")
    fused = fuser.fuse(visible, infrared)
    torch.testing.assert_close(fused, build_fuser("average").fuse(visible, infrared), atol=1e-5, rtol=0)
    # Retrained at the same path: another method, whose images must not be taken from the cache.
    network.weight.data.fill_(0.4)
    torch.save(network.state_dict(), file)
    assert build_fuser(f"metafusion_fuser:MetaFusion@weights={file}").fingerprint != fuser.fingerprint


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
    expected = stretch(0.25 * (infrared + rgb_to_y(visible)) + 0.5 * infrared)
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
    spec, *_ = re.findall(r"--fuser (folder:\S+)", TEXT)
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


def recipe(method: str) -> str:
    """The paragraph and commands of one method, up to the next bold name or heading."""
    (text,) = re.findall(rf"(?ms)^\*\*{method}\*\* .*?(?=^\*\*|^## )", TEXT)
    return str(text)


def spec_of(method: str) -> str:
    """What its recipe passes as --fuser."""
    (spec,) = re.findall(r"--fuser (\S+)", recipe(method))
    return str(spec)


@pytest.mark.parametrize("method", ["CDDFuse", "DCEvo", "Text-IF", "Mask-DiFuser"])
def test_recipe_of_a_folder_reads_what_the_method_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = spec_of(method)
    visible, infrared = make_pair(16, 32)
    written = visible[0].mean(dim=0, keepdim=True) if "grey" in recipe(method) else visible[0]
    write_image(Path(spec.partition("@")[0].removeprefix("folder:")) / "00131D.png", written)
    fuser = build_fuser(spec)
    fused = fuser.fuse(visible, infrared, ids=["00131D"])
    assert fuser.label == method
    # A grey result is compared in colour, with the visible image's chroma.
    assert (fused.amax(dim=1) - fused.amin(dim=1)).max() > 0.05


def test_recipe_of_tdfusion_reads_its_weights_by_the_network_of_refusion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = spec_of("TDFusion")
    state = ReFusionNetwork().state_dict()
    # Its code, as ReFusion's, stores every convolution twice.
    twice = {name.replace(".weight", ".conv.weight"): value for name, value in state.items() if value.ndim == 4}
    file = Path(spec.partition("weights=")[2])
    file.parent.mkdir(parents=True)
    torch.save({**state, **twice}, file)
    visible, infrared = make_pair(16, 24)
    fused = build_fuser(spec).fuse(visible, infrared)
    assert torch.isfinite(fused).all()


def test_recipe_of_emma_is_the_export_above(tmp_path: Path) -> None:
    spec = re.findall(r"`(onnx:[^`]+)`", recipe("EMMA"))[0]
    assert spec.partition("@")[0] in documented("torch.onnx.export")
    assert "Ufuser" in recipe("EMMA")
