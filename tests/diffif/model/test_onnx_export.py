from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffif.__main__ import main
from diffif.fusers.diffusion.diffif import DiffIFFuser
from diffif.fusers.registry import build_fuser
from diffif.model import onnx_export
from diffif.model.checkpoint import save_checkpoint
from diffif.model.diffusion import DiffIF, ModelSettings
from diffif.model.onnx_export import TOLERANCE, export_onnx
from diffif.model.renderer import RendererSettings
from suite.errors import CheckpointError, SettingsError
from tests.contracts.fuser_contract import make_pair

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture
def renders() -> DiffIF:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = DiffIF(ModelSettings(process="render", renderer=RendererSettings(widths=(4, 6), blocks=(1, 1)))).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def test_the_command_writes_a_network_that_fuses_alike_at_any_size(
    renders: DiffIF, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "fast.safetensors", renders)
    out = tmp_path / "fast.onnx"
    assert main(["export", "--weights", str(tmp_path / "fast.safetensors"), "--out", str(out)]) == 0
    assert "multiples of 4" in capsys.readouterr().out
    ours, theirs = DiffIFFuser(weights=tmp_path / "fast.safetensors"), build_fuser(f"onnx:{out}")
    for size in ((41, 53), (96, 64)):
        pair = make_pair(*size)
        assert (ours.fuse(*pair) - theirs.fuse(*pair)).abs().max() < TOLERANCE


def test_bare_onnxruntime_needs_nothing_of_ours(renders: DiffIF, tmp_path: Path) -> None:
    export_onnx(renders, tmp_path / "fast.onnx", name="fast")
    session = onnxruntime.InferenceSession(str(tmp_path / "fast.onnx"), providers=["CPUExecutionProvider"])
    images = torch.rand(2, 3, 1, 24, 40, generator=torch.Generator().manual_seed(0)).numpy()
    (fused,) = session.run(None, {"visible": images[0], "infrared": images[1]})
    assert fused.shape == (3, 1, 24, 40)
    assert 0 <= fused.min() < fused.max() <= 1


def test_what_is_more_than_one_pass_is_refused_before_any_work(tiny_model: DiffIF, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"tiny fuses by the process diffusion.*--weights fast"):
        export_onnx(tiny_model, tmp_path / "tiny.onnx", name="tiny")
    assert not (tmp_path / "tiny.onnx").exists()


def test_a_network_that_differs_is_not_kept(renders: DiffIF, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "largest_difference", lambda network, path: 0.01)
    with pytest.raises(CheckpointError, match=r"differs from torch by 0\.01"):
        export_onnx(renders, tmp_path / "fast.onnx", name="fast")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SettingsError, match=r"NAME\.onnx"):
        export_onnx(renders, tmp_path / "fast.pt", name="fast")
