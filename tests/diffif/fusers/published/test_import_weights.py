from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffif.__main__ import main
from diffif.fusers.published.import_weights import import_weights
from diffif.fusers.published.weights import read_tensors
from diffif.fusers.registry import FUSERS, build_fuser, get_fuser
from suite.errors import SettingsError, UnknownName, WeightsError
from tests.contracts.fuser_contract import make_pair


class RunsCode:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("executed",)


@pytest.mark.parametrize("method", [name for name in FUSERS if hasattr(get_fuser(name), "published")])
def test_converted_weights_give_the_same_pixels_and_fingerprint(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    published = get_fuser(method).published  # type: ignore[attr-defined]
    source = shared / "weights" / published.method / next(iter(published.files))
    if not source.exists():
        pytest.skip(f"no {source.name} here")
    assert import_weights(method, source, tmp_path) == tmp_path / published.method / published.converted_name
    pair = make_pair(33, 40)
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(tmp_path))
    ours = build_fuser(method)
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(shared / "weights"))
    original = build_fuser(method)
    assert ours.fingerprint == original.fingerprint
    assert torch.equal(ours.fuse(*pair), original.fuse(*pair))


def test_converted_file_that_was_changed_is_refused(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors import safe_open

    file = import_weights("ifcnn", shared / "weights" / "IFCNN" / "IFCNN-MAX.pth", tmp_path)
    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata()
    tensors = load_file(file)
    tensors["conv4.bias"] += 1
    save_file(tensors, file, metadata=metadata)
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="changed after it was converted"):
        build_fuser("ifcnn")


def test_conversion_of_other_weights_is_not_mistaken_for_the_published_ones(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensors = read_tensors(shared / "weights" / "IFCNN" / "IFCNN-MAX.pth")
    tensors["conv4.bias"] = tensors["conv4.bias"] + 1
    torch.save(tensors, tmp_path / "own.pth")
    file = import_weights("ifcnn", tmp_path / "own.pth", tmp_path)
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightsError, match="other files than those pinned"):
        build_fuser("ifcnn")
    assert build_fuser("ifcnn", weights=str(file)).fingerprint


def test_weights_of_another_method_are_refused(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="do not fit ifcnn"):
        import_weights("ifcnn", shared / "weights" / "SeAFusion" / "SeAFusion.pth", tmp_path)
    assert not list(tmp_path.iterdir())


def test_incomplete_and_unknown_sources_are_explained(shared: Path, tmp_path: Path) -> None:
    shutil.copy(shared / "weights" / "DIDFuse" / "Encoder.pkl", tmp_path)
    with pytest.raises(WeightsError, match=r"lacks Decoder\.pkl"):
        import_weights("didfuse", tmp_path / "Encoder.pkl", tmp_path)
    with pytest.raises(UnknownName, match="Did you mean 'didfuse'"):
        import_weights("didfus", tmp_path, tmp_path)
    with pytest.raises(SettingsError, match=r"writes \.safetensors"):
        import_weights("csr", shared / "weights" / "csr" / "dict.mat", tmp_path / "dict.npz")


def test_command_writes_beside_the_source_under_the_name_that_is_looked_for(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "DIDFuse"
    shutil.copytree(shared / "weights" / "DIDFuse", folder)
    assert main(["import-weights", "didfuse", str(folder / "Encoder.pkl")]) == 0
    for name in ("Encoder.pkl", "Decoder.pkl"):
        (folder / name).chmod(0o644)
        (folder / name).unlink()
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(tmp_path))
    assert build_fuser("didfuse").num_parameters > 0


def test_source_is_never_written_over(shared: Path, tmp_path: Path) -> None:
    file = import_weights("ifcnn", shared / "weights" / "IFCNN" / "IFCNN-MAX.pth", tmp_path / "IFCNN-MAX.safetensors")
    with pytest.raises(SettingsError, match="over its own source"):
        import_weights("ifcnn", file)


@pytest.mark.parametrize(
    ("method", "source", "places"),
    [
        ("tardal", "absent.pt", ("tardal.pt", "github.com/JinyuanLiu-CV/TarDAL", "$DIFFIF_WEIGHTS/TarDAL/")),
        ("didfuse", "absent/Encoder.pkl", ("Encoder.pkl and Decoder.pkl", "IVIF-DIDFuse", "$DIFFIF_WEIGHTS/DIDFuse/")),
        ("csr", ".", ("dict.mat", "github.com/yuliu316316", "$DIFFIF_WEIGHTS/csr/")),
        ("diffif", "absent.pth", ("_gen.pth", "github.com/XunpengYi/Diff-IF")),
    ],
)
def test_missing_source_says_where_it_is_published_and_where_to_put_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str, source: str, places: tuple[str, ...]
) -> None:
    assert main(["import-weights", method, str(tmp_path / source)]) == 1
    message = capsys.readouterr().err
    assert all(place in message for place in places)


@pytest.mark.parametrize("method", ["ifcnn", "diffif"])
def test_pickle_that_wants_to_run_code_is_refused_without_advice_to_run_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": RunsCode()}, "evil.pth")
    assert main(["import-weights", method, "evil.pth"]) == 1
    message = capsys.readouterr().err
    assert "is refused: it is a pickle that wants to run code" in message
    assert "weights_only" not in message
    assert [path.name for path in tmp_path.iterdir()] == ["evil.pth"]
