from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from diffif.fusers.deep.didfuse import DIDFuse
from diffif.fusers.deep.seafusion import SeAFusion
from diffif.fusers.published.weights import PublishedWeights, find_weights, load_weights, read_tensors
from diffif.fusers.registry import FUSERS, get_fuser
from diffif.model.checkpoint import import_official
from suite.errors import CheckpointError, WeightsError


class RunsCode:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("executed",)


def publish(folder: Path, tensors: dict[str, torch.Tensor]) -> PublishedWeights:
    file = folder / "METHOD" / "net.pt"
    file.parent.mkdir()
    torch.save(tensors, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return PublishedWeights(method="METHOD", files={"net.pt": digest}, published_at="the METHOD project")


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PublishedWeights:
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(tmp_path))
    return publish(tmp_path, {"a": torch.arange(3.0)})


def test_published_file_is_found_under_the_environment_variable(published: PublishedWeights) -> None:
    assert load_weights(published).tensors["a"].tolist() == [0, 1, 2]


def test_altered_file_is_refused_with_both_hashes(published: PublishedWeights, tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(3)}, tmp_path / "METHOD" / "net.pt")
    with pytest.raises(WeightsError, match=rf"is not the published file.*expected {published.files['net.pt']}"):
        load_weights(published)


def test_own_file_named_explicitly_is_accepted_and_changes_the_hash(
    published: PublishedWeights, tmp_path: Path
) -> None:
    own = tmp_path / "own.pt"
    torch.save({"a": torch.zeros(3)}, own)
    assert load_weights(published, str(own)).sha256 != load_weights(published).sha256 == published.fingerprint


def test_missing_weights_say_where_they_are_published_and_where_to_put_them(
    published: PublishedWeights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFIF_WEIGHTS", str(tmp_path / "empty"))
    with pytest.raises(
        WeightsError, match=r"(?s)no net.pt in .*Get net.pt from the METHOD project, put it in .*METHOD"
    ):
        find_weights(published)
    monkeypatch.delenv("DIFFIF_WEIGHTS")
    with pytest.raises(WeightsError, match=r"DIFFIF_WEIGHTS is not set"):
        find_weights(published)


def test_pickle_that_wants_to_run_code_is_refused_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("evil.pkl").open("wb") as file:
        pickle.dump({"weight": RunsCode()}, file)
    torch.save({"weight": RunsCode()}, "evil.pt")
    for name in ("evil.pkl", "evil.pt"):
        with pytest.raises(WeightsError, match="refused: it is a pickle that wants to run code"):
            read_tensors(Path(name))
    assert not Path("executed").exists()


@pytest.mark.parametrize("text", ["<!DOCTYPE html>\n<html>", "version https://git-lfs.github.com/spec/v1\n"])
def test_a_web_page_or_pointer_in_place_of_weights_is_called_that(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.pth"
    path.write_text(text, encoding="utf-8")
    for read, error in ((read_tensors, WeightsError), (import_official, CheckpointError)):
        with pytest.raises(error, match=r"net\.pth is no weights file: it is text and begins with '(<!DOC|version)"):
            read(path)


def test_state_dict_is_found_inside_what_training_scripts_save(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": {"a": torch.ones(1)}}, tmp_path / "run.pt")
    assert list(read_tensors(tmp_path / "run.pt")) == ["a"]


def test_unreadable_and_empty_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    with pytest.raises(WeightsError, match=r"cannot read weights from .*broken"):
        read_tensors(tmp_path / "broken.safetensors")
    torch.save({"epoch": 1}, tmp_path / "empty.pt")
    with pytest.raises(WeightsError, match="holds no tensors"):
        read_tensors(tmp_path / "empty.pt")
    with pytest.raises(WeightsError, match="no weights at"):
        read_tensors(tmp_path / "absent.pt")


def test_weights_of_another_network_are_refused_with_names(tmp_path: Path) -> None:
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match=r"do not fit seafusion: missing: .*; not expected: conv.weight"):
        SeAFusion(weights=str(tmp_path / "other.safetensors"))


def test_method_of_two_files_takes_their_folder(shared: Path) -> None:
    assert DIDFuse(weights=str(shared / "weights" / "DIDFuse")).fingerprint
    assert DIDFuse(weights=str(shared / "weights" / "DIDFuse" / "Decoder.pkl")).fingerprint


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("tardal", 296577),
        ("u2fusion", 659217),
        ("densefuse", 74193),
        ("ifcnn", 83587),
        ("didfuse", 260935),
        ("sage", 135617),
        ("mmdrfuse", 113),
        ("lrrnet", 49204),
        ("sfdfusion", 139695),
        ("refusion", 59856),
    ],
)
def test_networks_have_the_published_number_of_parameters(name: str, parameters: int) -> None:
    network = get_fuser(name).make_network()  # type: ignore[attr-defined]
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_every_entry_with_published_weights_says_so() -> None:
    for name in FUSERS:
        cls = get_fuser(name)
        assert bool(cls.weights_needed) == hasattr(cls, "published") or name in ("diffif", "ddfm", "csr"), name


def test_a_matlab_file_that_unpacks_to_gigabytes_is_refused_before_it_does(tmp_path: Path) -> None:
    import numpy as np
    from scipy.io import savemat

    from diffif.fusers.published import weights

    savemat(tmp_path / "w.mat", {"w": np.zeros((2, 3)), "names": np.array(["a", "b"], dtype=object)})
    assert set(weights.read_tensors(tmp_path / "w.mat")) == {"w"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "MOST_MATLAB_NUMBERS", 5)
        with pytest.raises(WeightsError, match="6 numbers, more than any published network has"):
            weights.read_tensors(tmp_path / "w.mat")
        patch.setattr(weights, "LARGEST_MATLAB_FILE", 100)
        with pytest.raises(WeightsError, match="more than any published network has"):
            weights.read_tensors(tmp_path / "w.mat")
