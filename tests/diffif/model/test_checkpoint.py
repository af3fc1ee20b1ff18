from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from diffif.model.checkpoint import (
    CheckpointCard,
    import_official,
    load_checkpoint,
    read_card,
    save_checkpoint,
)
from diffif.model.diffusion import DiffIF, ModelSettings
from diffif.model.schedule import ScheduleSettings
from suite.errors import CheckpointError
from suite.files import file_sha256

CARD = CheckpointCard(recipe={"name": "sample", "lr": 1e-4}, step=7, scores={"vif": 0.5})


def same_weights(a: DiffIF, b: DiffIF) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_what_is_saved_comes_back(tiny_model: DiffIF, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "last.safetensors"
    digest = save_checkpoint(path, tiny_model.train(), CARD)
    loaded = load_checkpoint(path)
    assert same_weights(loaded.model, tiny_model)
    assert not loaded.model.training
    assert loaded.card == dataclasses.replace(CARD, settings=tiny_model.settings)
    assert loaded.sha256 == digest == file_sha256(path)
    assert [p.name for p in path.parent.iterdir()] == ["last.safetensors"]


def test_a_checkpoint_may_be_read_by_whom_any_other_file_may(tiny_model: DiffIF, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    save_checkpoint(tmp_path / "model.safetensors", tiny_model)
    assert (tmp_path / "model.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_model_without_refiner_comes_back_without(tiny_settings: ModelSettings, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, DiffIF(dataclasses.replace(tiny_settings, refiner=None)))
    assert load_checkpoint(path).model.refiner is None


def test_half_precision_halves_the_file_and_keeps_the_schedule(tiny_model: DiffIF, tmp_path: Path) -> None:
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    save_checkpoint(full, tiny_model)
    save_checkpoint(half, tiny_model, dtype=torch.float16)
    assert half.stat().st_size < 0.75 * full.stat().st_size
    loaded = load_checkpoint(half).model
    assert torch.equal(loaded.get_buffer("betas"), tiny_model.get_buffer("betas"))
    for ours, theirs in zip(loaded.parameters(), tiny_model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)


def test_poison_is_not_written(tiny_model: DiffIF, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, tiny_model)
    before = file_sha256(path)
    with torch.no_grad():
        next(tiny_model.parameters())[0] = torch.nan
    with pytest.raises(CheckpointError, match="non-finite"):
        save_checkpoint(path, tiny_model)
    assert file_sha256(path) == before


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*last\.safetensors\. Train one: python -m diffif"):
        load_checkpoint(tmp_path / "last.safetensors")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not at all", b"\xff" * 100])
def test_another_file_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a Diff-IF checkpoint"):
        read_card(path)


def test_a_truncated_checkpoint_is_refused(tiny_model: DiffIF, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, tiny_model)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="not a Diff-IF checkpoint"):
        load_checkpoint(path)


def test_other_tensors_and_other_formats_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(CheckpointError, match="no metadata"):
        read_card(path)
    save_file({"a": torch.ones(1)}, path, metadata={"diffif": '{"format": 99}'})
    with pytest.raises(CheckpointError, match="format 99"):
        read_card(path)
    save_file({"a": torch.ones(1)}, path, metadata={"diffif": '{"format": 1, "setings": {}}'})
    with pytest.raises(CheckpointError, match="Did you mean 'settings'"):
        read_card(path)


def test_tensors_that_do_not_fit_are_listed(tiny_model: DiffIF, tmp_path: Path) -> None:
    path = tmp_path / "official.pth"
    state = dict(tiny_model.state_dict())
    state["denoise_fn.downs.0.weight"] = torch.zeros(2, 2)
    del state["refinement_fn.output.weight"]
    torch.save(state, path)
    with pytest.raises(CheckpointError, match="tensors that differ") as error:
        import_official(path, tiny_model.settings)
    assert "denoise_fn.downs.0.weight: file (2, 2), network (8, 3, 3, 3)" in str(error.value)
    assert "refinement_fn.output.weight: file nothing" in str(error.value)


@pytest.mark.parametrize("prefix", ["", "module.", "netG.", "module.netG.", "_orig_mod."])
@pytest.mark.parametrize("wrapper", [None, "state_dict"])
def test_official_files_load_under_every_prefix(
    tiny_model: DiffIF, tmp_path: Path, prefix: str, wrapper: str | None
) -> None:
    path = tmp_path / "official_gen.pth"
    state = {f"{prefix}{name}": value for name, value in tiny_model.state_dict().items()}
    torch.save({wrapper: state} if wrapper else state, path)
    assert same_weights(import_official(path, tiny_model.settings), tiny_model)


def test_an_official_file_round_trips_through_ours(tiny_model: DiffIF, tmp_path: Path) -> None:
    torch.save(tiny_model.state_dict(), tmp_path / "official.pth")
    model = import_official(tmp_path / "official.pth", tiny_model.settings)
    save_checkpoint(tmp_path / "ours.safetensors", model)
    assert same_weights(load_checkpoint(tmp_path / "ours.safetensors").model, tiny_model)


def test_weights_of_another_schedule_are_refused(tiny_settings: ModelSettings, tmp_path: Path) -> None:
    other = DiffIF(dataclasses.replace(tiny_settings, schedule=ScheduleSettings(beta_end=2e-2)))
    torch.save(other.state_dict(), tmp_path / "official.pth")
    with pytest.raises(CheckpointError, match="another noise schedule"):
        import_official(tmp_path / "official.pth", tiny_settings)


class Payload:
    """Would run code if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("executed",)


def test_nothing_in_an_official_file_is_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"denoise_fn.x": Payload()}, tmp_path / "official.pth")
    with pytest.raises(CheckpointError, match="plain tensors"):
        import_official(tmp_path / "official.pth")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(("content", "message"), [([1, 2], "list"), ({"x": torch.ones(1)}, "begins with x")])
def test_files_that_hold_something_else_are_refused(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "official.pth")
    with pytest.raises(CheckpointError, match=message):
        import_official(tmp_path / "official.pth")
    with pytest.raises(CheckpointError, match="no file"):
        import_official(tmp_path / "absent.pth")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"schedule": {"num_timesteps": 10**18}}, "schedule.num_timesteps is 1e.18, at most 100000"),
        ({"denoiser": {"inner_channels": 2**40, "norm_groups": 2}}, "denoiser.inner_channels"),
        ({"denoiser": {"num_res_blocks": 10**9}}, "denoiser.num_res_blocks"),
        ({"denoiser": {"channel_multipliers": [1] * 10**5}}, "100000 entries, at most 12"),
        ({"refiner": {"width": 10**12}}, "refiner.width"),
        ({"refiner": {"ffn_expansion": 1e300}}, "refiner.ffn_expansion"),
        ({"refiner": {"num_blocks": 10**9}}, "refiner.num_blocks"),
    ],
)
def test_a_checkpoint_that_asks_for_an_endless_network_is_refused_before_any_is_built(
    tmp_path: Path, settings: dict[str, object], said: str
) -> None:
    import json

    from safetensors.torch import save_file

    from diffif.model.checkpoint import FORMAT, METADATA_KEY, load_checkpoint

    path = tmp_path / "huge.safetensors"
    header = json.dumps({"format": FORMAT, "settings": settings})
    save_file({"a": torch.zeros(1)}, path, metadata={METADATA_KEY: header})
    with pytest.raises(CheckpointError, match=said):
        load_checkpoint(path)
