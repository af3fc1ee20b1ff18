from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.fusers.outside.onnx import OnnxNetwork
from diffif.fusers.registry import build_fuser
from suite.errors import ImageError, SettingsError, UnknownName, WeightsError
from tests.contracts.fuser_contract import FuserContract, make_pair

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def write_network(
    path: Path, *, channels: tuple[int, int] = (1, 1), batch: int | str = "B", metadata: dict[str, str] | None = None
) -> Path:
    """A network that returns 3/4 of its first input and 1/4 of its second."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    inputs = [
        helper.make_tensor_value_info(name, kind, [batch, count, "H", "W"])
        for name, count in zip(("a", "b"), channels, strict=True)
    ]
    output = helper.make_tensor_value_info("f", kind, [batch, max(channels), "H", "W"])
    constants = [helper.make_tensor(name, kind, [], [value]) for name, value in (("wa", 0.75), ("wb", 0.25))]
    nodes = [
        helper.make_node("Mul", ["a", "wa"], ["ma"]),
        helper.make_node("Mul", ["b", "wb"], ["mb"]),
        helper.make_node("Add", ["ma", "mb"], ["f"]),
    ]
    graph = helper.make_graph(nodes, "blend", inputs, [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, metadata or {})
    onnx.save(model, path)
    return path


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_network(tmp_path / "blend.onnx")


class TestOnnxContract(FuserContract):
    @pytest.fixture
    def fuser(self, network: Path) -> Fuser:
        return build_fuser(f"onnx:{network}@stride=8")


def grey(visible: Tensor) -> Tensor:
    return visible[:, :1]


def test_sources_go_in_the_asked_order(network: Path) -> None:
    visible, infrared = make_pair(8, 9, grey=True)
    ours = OnnxNetwork(path=str(network)).fuse(visible, infrared)
    torch.testing.assert_close(grey(ours), 0.75 * grey(visible) + 0.25 * infrared, atol=1e-5, rtol=0)
    swapped = build_fuser(f"onnx:{network}@order=infrared-visible").fuse(visible, infrared)
    torch.testing.assert_close(grey(swapped), 0.25 * grey(visible) + 0.75 * infrared, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["signed", "bytes"])
def test_ranges_are_converted_on_the_way_in_and_out(network: Path, kind: str) -> None:
    visible, infrared = make_pair(8, 9)
    plain = OnnxNetwork(path=str(network)).fuse(visible, infrared)
    ranged = OnnxNetwork(path=str(network), input_range=kind, output_range=kind).fuse(visible, infrared)
    torch.testing.assert_close(ranged, plain, atol=1e-5, rtol=0)


def test_metadata_states_the_convention_and_a_setting_overrides_it(tmp_path: Path) -> None:
    file = write_network(tmp_path / "m.onnx", metadata={"diffif.order": "infrared,visible", "diffif.stride": "4"})
    fuser = OnnxNetwork(path=str(file))
    assert (fuser.signature.order, fuser.stride) == ("infrared,visible", 4)
    assert OnnxNetwork(path=str(file), stride=2).stride == 2
    unknown = write_network(tmp_path / "u.onnx", metadata={"diffif.ordr": "infrared,visible"})
    with pytest.raises(UnknownName, match=r"Did you mean 'diffif\.order'"):
        OnnxNetwork(path=str(unknown))


def test_colour_network_gets_rgb_and_its_colours_are_kept(tmp_path: Path) -> None:
    file = write_network(tmp_path / "rgb.onnx", channels=(3, 1), batch=1)
    visible, infrared = make_pair(9, 7, batch=2)
    fused = OnnxNetwork(path=str(file), visible="rgb", stride=4).fuse(visible, infrared)
    torch.testing.assert_close(fused, 0.75 * visible + 0.25 * infrared, atol=1e-5, rtol=0)


def test_network_that_cannot_take_the_sources_says_which_size(tmp_path: Path) -> None:
    file = write_network(tmp_path / "rgb.onnx", channels=(3, 1))
    with pytest.raises(WeightsError, match=r"refused \(1, 1, 8, 9\)"):
        OnnxNetwork(path=str(file)).fuse(*make_pair(8, 9))


def test_missing_broken_and_contradictory_files_are_refused(tmp_path: Path, network: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no")
    with pytest.raises(WeightsError, match="not a usable ONNX network"):
        OnnxNetwork(path=str(tmp_path / "broken.onnx"))
    with pytest.raises(WeightsError, match="no ONNX file"):
        OnnxNetwork(path=str(tmp_path / "absent.onnx"))
    with pytest.raises(SettingsError, match="input_range must be unit or signed or bytes"):
        OnnxNetwork(path=str(network), input_range="0-1")


def test_output_of_another_size_points_to_the_stride(tmp_path: Path) -> None:
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info(name, kind, ["B", 1, "H", "W"]) for name in ("a", "b")]
    output = helper.make_tensor_value_info("f", kind, ["B", 1, "h", "w"])
    node = helper.make_node("MaxPool", ["a"], ["f"], kernel_shape=[2, 2], strides=[2, 2])
    graph = helper.make_graph([node], "half", inputs, [output])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), tmp_path / "h.onnx")
    with pytest.raises(ImageError, match="set stride="):
        OnnxNetwork(path=str(tmp_path / "h.onnx")).fuse(*make_pair(8, 8))
