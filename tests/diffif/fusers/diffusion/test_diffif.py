from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from diffif.fusers.base import Fuser
from diffif.fusers.diffusion import diffif
from diffif.fusers.diffusion.diffif import SHIPPED_DIR, DiffIFFuser, find_checkpoint
from diffif.fusers.registry import build_fuser
from diffif.model.checkpoint import save_checkpoint
from diffif.model.denoiser import DenoiserSettings
from diffif.model.diffusion import DiffIF, ModelSettings
from diffif.model.refiner import RefinerSettings
from diffif.model.renderer import RendererSettings
from suite.errors import CheckpointError, SettingsError
from tests.contracts.fuser_contract import FuserContract, make_pair

SETTINGS = ModelSettings(
    denoiser=DenoiserSettings(
        inner_channels=8, channel_multipliers=(1, 2), num_res_blocks=1, norm_groups=4, attention_levels=(1,)
    ),
    refiner=RefinerSettings(width=8, num_blocks=1, num_output_blocks=1, ffn_depthwise=True),
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_checkpoint(path, DiffIF(SETTINGS))
    return path


class TestDiffIFKeepsTheContract(FuserContract):
    @pytest.fixture
    def fuser(self, checkpoint: Path) -> Fuser:
        return DiffIFFuser(weights=checkpoint, steps=2)


def test_tiles_take_their_own_part_of_the_noise(checkpoint: Path) -> None:
    """Where the network sees enough of its surroundings, a tiled image is the whole image."""
    fuser = DiffIFFuser(weights=checkpoint, steps=1)
    for parameter in fuser.model.denoiser.parameters():
        parameter.requires_grad_(False).zero_()
    visible, infrared = make_pair(200, 232)
    whole = fuser.fuse(visible, infrared)
    fuser.max_memory_gib = fuser.bytes_per_pixel * 150 * 150 / 2**30
    tiled = fuser.fuse(visible, infrared)
    assert not torch.equal(whole, tiled)
    assert (whole - tiled).abs().max() < 0.05


@pytest.mark.parametrize("setting", ["steps=3", "sampler=dpmpp-2m", "eta=0", "seed=1", "dtype=bfloat16"])
def test_every_setting_changes_the_fingerprint_and_the_pixels(checkpoint: Path, setting: str) -> None:
    usual = build_fuser("diffif@steps=2", weights=str(checkpoint))
    spec = f"diffif@{setting}" if setting.startswith("steps") else f"diffif@steps=2,{setting}"
    other = build_fuser(spec, weights=str(checkpoint))
    assert other.fingerprint != usual.fingerprint
    pair = make_pair(32, 40)
    assert not torch.equal(usual.fuse(*pair), other.fuse(*pair))


def test_a_missing_checkpoint_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckpointError, match="Train one: python -m diffif train"):
        DiffIFFuser(weights=tmp_path / "absent.safetensors")
    with pytest.raises(
        CheckpointError, match=r"no checkpoint smal: .*shipped ones are: fast, fast-mif, small, small-mif"
    ):
        build_fuser("diffif@weights=smal")
    monkeypatch.setattr(diffif, "SHIPPED_DIR", tmp_path)
    with pytest.raises(CheckpointError, match=r"shipped ones are: \(none\)"):
        DiffIFFuser()


@pytest.mark.parametrize(("name", "steps"), [("small", 1), ("fast", 1), ("small-mif", 1), ("fast-mif", 1)])
def test_a_shipped_checkpoint_keeps_bright_people_and_texture(name: str, steps: int) -> None:
    fuser = build_fuser(f"diffif@weights={name}")
    assert fuser.settings["steps"] == steps
    visible, infrared = torch.full((1, 3, 64, 64), 0.2), torch.full((1, 1, 64, 64), 0.1)
    visible[..., ::4, :32] = 0.6
    infrared[..., 20:44, 40:56] = 0.9
    fused = fuser.fuse(visible, infrared).mean(dim=1)
    assert fused[..., 24:40, 44:52].mean() > 0.75
    rows = fused[..., 4:28].mean(dim=-1)[..., 4:60]
    assert rows.std() > 0.1


def test_a_shipped_checkpoint_goes_by_its_name_and_a_file_of_that_name_goes_first(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_checkpoint("small") == SHIPPED_DIR / "diffif-small.safetensors"
    assert build_fuser("diffif@weights=small").fingerprint == build_fuser("diffif").fingerprint
    shutil.copy(checkpoint, "small")
    assert find_checkpoint("small") == Path("small")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"steps": 0}, "num_steps"), ({"steps": 1001}, "1000"), ({"dtype": "int8"}, "float32"), ({"eta": 2.0}, "eta")],
)
def test_impossible_settings_are_refused(checkpoint: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        DiffIFFuser(weights=checkpoint, **options)  # type: ignore[arg-type]


def test_parameters_are_counted(checkpoint: Path) -> None:
    fuser = DiffIFFuser(weights=checkpoint)
    assert fuser.num_parameters == sum(p.numel() for p in DiffIF(SETTINGS).parameters())


def test_the_sampler_is_the_one_of_the_checkpoints_recipe_unless_told_otherwise(tmp_path: Path) -> None:
    from diffif.model.checkpoint import CheckpointCard

    path = tmp_path / "two.safetensors"
    save_checkpoint(path, DiffIF(SETTINGS), CheckpointCard(recipe={"sampler": {"num_steps": 2, "eta": 0.5}}))
    assert (DiffIFFuser(weights=path).sampler.num_steps, DiffIFFuser(weights=path).sampler.eta) == (2, 0.5)
    assert DiffIFFuser(weights=path, steps=1).sampler.num_steps == 1
    assert DiffIFFuser(weights=path, steps=1).fingerprint != DiffIFFuser(weights=path).fingerprint


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "fast.safetensors"
    settings = ModelSettings(process="render", renderer=RendererSettings(widths=(4, 6), blocks=(1, 1)))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_checkpoint(path, DiffIF(settings))
    return path


class TestTheFastFormKeepsTheContract(FuserContract):
    @pytest.fixture
    def fuser(self, fast: Path) -> Fuser:
        return DiffIFFuser(weights=fast)


def test_the_fast_form_is_drawn_by_no_sampler(fast: Path) -> None:
    with pytest.raises(SettingsError, match="no steps and no eta"):
        DiffIFFuser(weights=fast, steps=4, eta=0.0)
    seeds = [DiffIFFuser(weights=fast, seed=seed, steps=1).fuse(*make_pair(32, 40)) for seed in (0, 1)]
    assert torch.equal(*seeds)


def test_windows_of_attention_can_be_asked_for(checkpoint: Path) -> None:
    usual, windowed = DiffIFFuser(weights=checkpoint, steps=1), DiffIFFuser(weights=checkpoint, steps=1, window=4)
    assert usual.fingerprint != windowed.fingerprint
    small, large = make_pair(16, 16), make_pair(48, 64)
    assert torch.equal(usual.fuse(*small), windowed.fuse(*small))
    assert not torch.equal(usual.fuse(*large), windowed.fuse(*large))
    with pytest.raises(SettingsError, match="even"):
        DiffIFFuser(weights=checkpoint, window=3)
