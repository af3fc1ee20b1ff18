"""A checkpoint as the folder of a model hub: written, read back to the same pixels, refused where it is not whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import diffif
from diffif.__main__ import main
from diffif.fusers.diffusion.diffif import SHIPPED_DIR, find_checkpoint
from diffif.model.checkpoint import CheckpointCard, read_card
from diffif.model.model_card import render_card
from suite.errors import CheckpointError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return diffif.save_pretrained("fast", tmp_path / "my-diffif")


def pair() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.random((40, 48, 3)), generator.random((40, 48))


def metadata(card: str) -> dict:
    return yaml.safe_load(card.split("---")[1])


def test_a_folder_fuses_as_its_checkpoint_does(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == (SHIPPED_DIR / "diffif-fast.safetensors").read_bytes()
    shipped = diffif.build_fuser("diffif@weights=fast")
    read = diffif.from_pretrained(folder, device="cpu")
    assert read.fingerprint == shipped.fingerprint
    assert torch.equal(diffif.fuse(*pair(), read), diffif.fuse(*pair(), shipped))


def test_every_way_to_name_a_checkpoint_takes_a_folder(folder: Path) -> None:
    assert find_checkpoint(folder) == folder / "model.safetensors"
    assert diffif.build_fuser(f"diffif@weights={folder}").fingerprint == diffif.from_pretrained("fast").fingerprint


def test_the_command_writes_a_folder_and_refuses_other_endings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--weights", "fast", "--out", str(tmp_path / "model")]) == 0
    assert "README.md, config.json, model.safetensors" in capsys.readouterr().out
    assert main(["export", "--weights", "fast", "--out", str(tmp_path / "model.pth")]) == 1
    assert "--out must be NAME.onnx, or a folder" in capsys.readouterr().err


def test_what_else_lies_in_the_folder_stays(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    diffif.save_pretrained("fast", folder)
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_folder_of_the_name_of_a_shipped_checkpoint_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fast").mkdir()
    assert find_checkpoint("fast").parent == SHIPPED_DIR


def test_a_folder_without_weights_says_what_it_holds(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"no model\.safetensors in the folder .*README\.md, config\.json"):
        diffif.from_pretrained(folder)


def test_weights_of_another_config_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((SHIPPED_DIR / "diffif-fast-mif.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match=r"has not the hash that config\.json beside it names"):
        diffif.from_pretrained(folder)


def test_a_pointer_instead_of_weights_is_named(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(CheckpointError, match="Git LFS pointer"):
        diffif.from_pretrained(folder)


@pytest.mark.parametrize(
    ("config", "told"),
    [("{", "is not JSON"), (json.dumps({"model_type": "bert"}), "does not describe a Diff-IF model")],
)
def test_a_config_of_something_else_is_refused(folder: Path, config: str, told: str) -> None:
    (folder / "config.json").write_text(config)
    with pytest.raises(CheckpointError, match=told):
        diffif.from_pretrained(folder)


def test_the_card_carries_the_hubs_metadata_and_the_checkpoints_scores(folder: Path) -> None:
    found = metadata((folder / "README.md").read_text(encoding="utf-8"))
    assert found["library_name"] == "diffif-bench"
    assert found["pipeline_tag"] == "image-to-image"
    assert (found["license"], found["license_link"]) == ("other", "README.md")
    assert "see diffif/weights/README.md of Diff-IF Bench" in (folder / "README.md").read_text(encoding="utf-8")
    (result,) = found["model-index"][0]["results"]
    scores = read_card(folder / "model.safetensors").scores
    assert {entry["type"]: entry["value"] for entry in result["metrics"]} == {
        name: round(value, 4) for name, value in scores.items()
    }


def test_the_hubs_own_library_reads_the_card(folder: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed: pip install huggingface_hub")
    data = hub.ModelCard.load(folder / "README.md").data
    assert data.library_name == "diffif-bench"
    assert {result.metric_type for result in data.eval_results} >= {"ssim", "vif", "qabf"}


def test_a_checkpoint_without_scores_has_a_card_without_results() -> None:
    card = render_card(CheckpointCard(), name="x", sha256="0" * 64, num_parameters=1)
    assert "model-index" not in metadata(card)
    assert "Validation" not in card


def test_notes_of_a_foreign_file_are_no_markup() -> None:
    scores = {"ssim": float("nan"), "x\n---": 1.0, "vif": 0.5}
    card = CheckpointCard(notes={"about": "a | b\n# <script>", "data": "none"}, scores=scores)
    text = render_card(card, name="x", sha256="0" * 64, num_parameters=1)
    assert "| about | a \\| b # &lt;script> |" in text
    (metric,) = metadata(text)["model-index"][0]["results"][0]["metrics"]
    assert (metric["type"], metric["value"]) == ("vif", 0.5)


def test_the_shipped_card_has_the_hubs_metadata_with_the_scores_that_the_files_carry() -> None:
    found = metadata((SHIPPED_DIR / "README.md").read_text(encoding="utf-8"))
    assert found["library_name"] == "diffif-bench"
    scored = {path.stem: read_card(path).scores for path in SHIPPED_DIR.glob("*.safetensors")}
    listed = {
        model["name"]: {entry["type"]: entry["value"] for entry in model["results"][0]["metrics"]}
        for model in found["model-index"]
    }
    assert listed == {
        name: {metric: round(value, 4) for metric, value in scores.items()} for name, scores in scored.items() if scores
    }
