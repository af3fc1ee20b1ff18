"""Networks by name, and encoder weights that are looked up but never downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from downstream.segment.smp.network import EncoderWeights, build_network, check_names, find_encoder_weights
from suite.errors import UnknownName, WeightsError

RANDOM = EncoderWeights(path=None, fingerprint="none")


@pytest.fixture(autouse=True)
def _no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("arch", "encoder"), [("segformer", "mit_b0"), ("unet", "resnet18")])
def test_scores_have_the_size_of_the_image(arch: str, encoder: str) -> None:
    check_names(arch, encoder)
    network = build_network(arch, encoder, RANDOM, 5).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 96)).shape == (1, 5, 64, 96)


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UnknownName, match="'segformer'"):
        check_names("segfromer", "mit_b0")
    with pytest.raises(UnknownName, match="'resnet34'"):
        check_names("unet", "resnet_34")


def test_imagenet_weights_that_are_not_here_name_the_ways_out() -> None:
    with pytest.raises(WeightsError) as caught:
        find_encoder_weights("mit_b0", "imagenet")
    for way in ("--encoder-weights PATH", "--encoder-weights none", "hf download smp-hub/mit_b0.imagenet"):
        assert way in str(caught.value)


def test_a_file_that_is_not_there_is_not_mistaken_for_a_name() -> None:
    with pytest.raises(WeightsError, match="neither a file nor a published set"):
        find_encoder_weights("resnet18", "weights/resnet18.pth")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_an_encoder_file_is_loaded(tmp_path: Path, suffix: str) -> None:
    torch.manual_seed(1)
    donor = build_network("unet", "resnet18", RANDOM, 3)
    path = tmp_path / f"encoder{suffix}"
    tensors = donor.body.encoder.state_dict()  # type: ignore[union-attr]
    if suffix == ".pth":
        torch.save({"state_dict": tensors, "epoch": 3}, path)
    else:
        save_file(tensors, path)
    torch.manual_seed(2)
    found = find_encoder_weights("resnet18", str(path))
    network = build_network("unet", "resnet18", found, 7)
    for name, value in network.body.encoder.state_dict().items():  # type: ignore[union-attr]
        assert torch.equal(value, tensors[name])


def test_a_foreign_file_is_refused_with_the_first_differing_tensors(tmp_path: Path) -> None:
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "own.safetensors")
    weights = find_encoder_weights("resnet18", str(tmp_path / "own.safetensors"))
    with pytest.raises(WeightsError, match=r"conv1\.weight"):
        build_network("unet", "resnet18", weights, 3)
    (tmp_path / "own.pth").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="loaded safely"):
        build_network("unet", "resnet18", find_encoder_weights("resnet18", str(tmp_path / "own.pth")), 3)
