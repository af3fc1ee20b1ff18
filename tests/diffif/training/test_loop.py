"""Training learns, resumes exactly, refuses poison, and is the same in one process as in two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from datasets.base import PairedDataset
from datasets.images import read_image, write_image
from diffif.model.checkpoint import load_checkpoint
from diffif.training import loop
from diffif.training.loop import effective_loss, learning_rate, train
from diffif.training.recipe import Recipe, load_recipe, recipe_names
from suite.errors import DatasetError, SettingsError, TrainingError

MakePairs = Callable[..., PairedDataset]
TINY = {
    "iterations": 6,
    "checkpoint_every": 2,
    "data.crop": 64,
    "data.batch_size": 2,
    "data.num_workers": 0,
    "model.denoiser.inner_channels": 4,
    "model.denoiser.norm_groups": 2,
    "model.denoiser.channel_multipliers": [1, 1],
    "model.denoiser.attention_levels": [1],
    "model.refiner.width": 4,
    "validation.every": 3,
    "validation.num_pairs": 2,
    "validation.max_side": 64,
    "sampler.num_steps": 1,
    "optimizer.warmup": 2,
}


def tiny(**overrides: object) -> Recipe:
    return load_recipe("small", {**TINY, **{key.replace("__", "."): value for key, value in overrides.items()}})


def prior_of(dataset: PairedDataset, out: Path) -> Path:
    for sample in dataset:
        write_image(out / "prior" / f"{sample.id}.png", read_image(sample.visible, "grey"))
    return out / "prior"


def test_a_run_leaves_recipe_checkpoints_curves_and_scores(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    out = tmp_path / "run"
    best = train(tiny(), dataset, held_out, prior_of(dataset, tmp_path), out)
    assert best == out / "best.safetensors"
    card = load_checkpoint(best).card
    assert card.notes["data"]["num_pairs"] == 4
    assert {"vif", "qabf", "ssim", "goal"} <= set(card.scores)
    assert pd.read_csv(out / "losses.csv").step.tolist() == [1, 2, 3, 4, 5, 6]
    assert pd.read_csv(out / "validation.csv").step.tolist() == [3, 6]
    assert load_recipe(str(out / "recipe.yaml")) == tiny()
    assert list((out / "tensorboard").iterdir())


def test_training_lowers_the_loss(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    train(tiny(iterations=25, validation__every=25), dataset, held_out, prior_of(dataset, tmp_path), tmp_path / "run")
    losses = pd.read_csv(tmp_path / "run" / "losses.csv").loss
    assert losses.tail(10).mean() < 0.95 * losses.head(10).mean()


def test_a_run_that_stopped_goes_on_as_if_it_had_not(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    prior = prior_of(dataset, tmp_path)
    recipe = tiny(model__denoiser__dropout=0.2)

    def stop(step: int, terms: dict[str, float]) -> None:
        if step == 5:
            raise KeyboardInterrupt

    train(recipe, dataset, held_out, prior, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, dataset, held_out, prior, tmp_path / "stopped", on_step=stop)
    train(recipe, dataset, held_out, prior, tmp_path / "stopped")
    whole, stopped = (pd.read_csv(tmp_path / run / "losses.csv") for run in ("whole", "stopped"))
    pd.testing.assert_frame_equal(whole, stopped, check_exact=True)
    states = [load_checkpoint(tmp_path / run / "last.safetensors").model.state_dict() for run in ("whole", "stopped")]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_another_recipe_does_not_continue_a_run(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    prior = prior_of(dataset, tmp_path)
    train(tiny(), dataset, held_out, prior, tmp_path / "run")
    with pytest.raises(SettingsError, match="belongs to another recipe"):
        train(tiny(optimizer__lr=5e-4), dataset, held_out, prior, tmp_path / "run")


def test_a_longer_run_continues_a_shorter_one(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    prior = prior_of(dataset, tmp_path)
    recipe = tiny(optimizer__decay="constant")
    train(recipe, dataset, held_out, prior, tmp_path / "run")
    train(replace(recipe, iterations=8), dataset, held_out, prior, tmp_path / "run")
    assert pd.read_csv(tmp_path / "run" / "losses.csv").step.tolist() == list(range(1, 9))


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_state(
    make_pairs: MakePairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    original, calls = loop.losses_at, []

    def poisoned(*args: object, **kwargs: object) -> dict[str, torch.Tensor]:
        calls.append(1)
        terms = original(*args, **kwargs)  # type: ignore[arg-type]
        return {**terms, "loss": terms["loss"] * (float("nan") if len(calls) == 4 else 1.0)}

    monkeypatch.setattr(loop, "losses_at", poisoned)
    with pytest.raises(TrainingError, match=r"not finite at step 4.*last good state"):
        train(tiny(), dataset, held_out, prior_of(dataset, tmp_path), tmp_path / "run")
    kept = load_checkpoint(tmp_path / "run" / "last.safetensors")
    assert kept.card.step == 2


def test_without_a_prior_the_mean_of_the_sources_and_the_unsupervised_terms_stand_in(
    make_pairs: MakePairs, tmp_path: Path
) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    recipe = tiny(variant="no-prior", iterations=2)
    assert effective_loss(recipe).x0 == 0
    assert effective_loss(recipe).gradient == recipe.loss.gradient
    train(recipe, dataset, held_out, None, tmp_path / "run")
    with pytest.raises(SettingsError, match="takes no --prior"):
        train(recipe, dataset, held_out, tmp_path, tmp_path / "run")
    with pytest.raises(SettingsError, match="needs --prior"):
        train(tiny(), dataset, held_out, None, tmp_path / "other")


def test_missing_priors_are_listed(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    with pytest.raises(DatasetError, match=r"4 of 4 training pairs have no prior[\s\S]*diffif search"):
        train(tiny(), dataset, held_out, tmp_path, tmp_path / "run")


def test_validation_pairs_must_not_be_training_pairs(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs("train")
    with pytest.raises(SettingsError, match="validation pairs are training pairs"):
        train(tiny(), dataset, dataset, prior_of(dataset, tmp_path), tmp_path / "run")


def test_the_learning_rate_warms_up_and_decays_to_nothing() -> None:
    recipe = tiny(iterations=100, optimizer__warmup=10, optimizer__lr=1e-3)
    rates = [learning_rate(recipe, step) for step in range(101)]
    assert rates[0] == pytest.approx(1e-4)
    assert rates[9] == max(rates) == pytest.approx(1e-3)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0, abs=1e-12)


def test_gradients_are_clipped_to_the_norm_of_the_recipe(
    make_pairs: MakePairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms = []
    step = torch.optim.Adam.step

    def watched(self: torch.optim.Adam, *args: object) -> None:
        gradients = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        norms.append(float(torch.nn.utils.get_total_norm(gradients)))
        step(self, *args)

    monkeypatch.setattr(torch.optim.Adam, "step", watched)
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    prior = prior_of(dataset, tmp_path)
    for most in (1e-3, 1e6):
        train(tiny(iterations=2, optimizer__clip_norm=most), dataset, held_out, prior, tmp_path / f"{most}")
    assert norms[:2] == pytest.approx([1e-3] * 2, rel=1e-2)
    assert 1e-2 < min(norms[2:]) < 1e6


def test_a_student_learns_the_end_of_its_teachers_trajectory(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    teacher = train(tiny(), dataset, held_out, prior_of(dataset, tmp_path), tmp_path / "teacher")
    recipe = tiny(iterations=30, teacher={"checkpoint": str(teacher), "num_steps": 3}, optimizer__decay="constant")
    student = train(recipe, dataset, held_out, None, tmp_path / "student")
    losses = pd.read_csv(tmp_path / "student" / "losses.csv").loss
    assert losses.tail(5).mean() < 0.8 * losses.head(5).mean()
    assert load_checkpoint(student).model.settings == load_checkpoint(teacher).model.settings
    with pytest.raises(SettingsError, match="takes no --prior"):
        train(recipe, dataset, held_out, tmp_path, tmp_path / "other")


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_ships_loads(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.validation.every < recipe.iterations


def test_the_published_recipes_have_the_published_numbers() -> None:
    ivf, mif = load_recipe("ivf"), load_recipe("mif")
    assert (ivf.iterations, mif.iterations) == (40_000, 16_000)
    for recipe in (ivf, mif):
        assert (recipe.data.crop, recipe.data.batch_size, recipe.optimizer.lr) == (128, 16, 1e-4)
        assert recipe.sampler.num_steps == 4
        loss = recipe.loss
        assert (loss.eps, loss.x0, loss.intensity, loss.gradient, loss.ssim) == (8, 2, 4, 5, 1)


RUN_SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import torch
torch.set_num_threads(1)
from datasets.base import PairedDataset, Sample
from diffif.training.loop import train
from diffif.training.recipe import load_recipe
root, out = Path(sys.argv[1]), Path(sys.argv[2])
def pairs(split):
    samples = [Sample(id=p.stem, visible=p, infrared=root / "infrared" / split / p.name)
               for p in sorted((root / "visible" / split).iterdir())]
    return PairedDataset(name="pairs", split=split, task="quality", classes=(), root=root, samples=tuple(samples))
train(load_recipe(sys.argv[3]), pairs("train"), pairs("val"), root / "prior", out)
"""


def _script(tmp_path: Path, recipe: Recipe) -> list[str]:
    import yaml

    from suite.settings import to_mapping

    (tmp_path / "run.py").write_text(RUN_SCRIPT.format(tests=str(tmp_path)))
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(to_mapping(recipe)))
    return [str(tmp_path / "run.py"), str(tmp_path)]


@pytest.mark.slow
def test_killed_and_restarted_equals_undisturbed(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, _ = make_pairs("train"), make_pairs("val", count=2)
    prior_of(dataset, tmp_path)
    script = _script(tmp_path, tiny(iterations=200, checkpoint_every=10, validation__every=100))

    def command(out: str) -> list[str]:
        return [sys.executable, *script, str(tmp_path / out), str(tmp_path / "recipe.yaml")]

    subprocess.run(command("whole"), check=True, timeout=300)
    process = subprocess.Popen(command("killed"))
    while not (tmp_path / "killed" / "last.pt").is_file():
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(command("killed"), check=True, timeout=300)
    whole, killed = (pd.read_csv(tmp_path / run / "losses.csv") for run in ("whole", "killed"))
    pd.testing.assert_frame_equal(whole, killed, check_exact=True)


@pytest.mark.slow
def test_two_processes_train_like_one(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, _ = make_pairs("train"), make_pairs("val", count=2)
    prior_of(dataset, tmp_path)
    script = _script(tmp_path, tiny(data__batch_size=4, model__denoiser__dropout=0.0))
    arguments = [*script, str(tmp_path / "one"), str(tmp_path / "recipe.yaml")]
    subprocess.run([sys.executable, *arguments], check=True, timeout=300)
    launcher = [
        sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1",
        "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0",
    ]  # fmt: skip
    arguments[2] = str(tmp_path / "two")
    subprocess.run([*launcher, *arguments], check=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"})
    one, two = (pd.read_csv(tmp_path / run / "losses.csv") for run in ("one", "two"))
    assert two.step.tolist() == one.step.tolist()
    pd.testing.assert_frame_equal(one, two, rtol=1e-4)


@pytest.mark.parametrize("process", ["render", "direct", "flow", "diffusion"])
def test_every_process_trains_by_the_same_loop(process: str, make_pairs: MakePairs, tmp_path: Path) -> None:
    """The recipes of one step and their diffusion counterpart, with the ablation's switches as they are."""
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    small = {key: value for key, value in TINY.items() if "refiner" not in key}
    small |= {"model.renderer": {"widths": [4], "blocks": [1]}, "iterations": 3}
    recipe = load_recipe(process, small)
    best = train(recipe, dataset, held_out, prior_of(dataset, tmp_path), tmp_path / process)
    assert load_checkpoint(best).model.settings.process == process
    losses = pd.read_csv(tmp_path / process / "losses.csv")
    assert {"goal_ssim", "goal_vif", "goal_qabf", "edges", "texture", "heat", "noise"} <= set(losses.columns)
    bare = load_recipe(process, {**small, "variant": "no-prior"})
    train(bare, dataset, held_out, None, tmp_path / "bare")
    assert (pd.read_csv(tmp_path / "bare" / "losses.csv").x0 == 0).all()


def test_a_diffusion_model_starts_from_a_renderer_that_was_trained_alone(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset, held_out = make_pairs("train"), make_pairs("val", count=2)
    prior = prior_of(dataset, tmp_path)
    small = {key: value for key, value in TINY.items() if "refiner" not in key}
    small |= {"model.renderer": {"widths": [4], "blocks": [1]}, "iterations": 3}
    fast = train(load_recipe("render", small), dataset, held_out, prior, tmp_path / "fast")
    rate = {"optimizer.lr": 1e-9, "optimizer.warmup": 0}
    recipe = load_recipe("diffusion", {**small, **rate, "start": str(fast)})
    started = load_checkpoint(train(recipe, dataset, held_out, prior, tmp_path / "started")).model
    weight = "refinement_fn.down_blocks.0.0.first.weight"
    assert torch.allclose(started.state_dict()[weight], load_checkpoint(fast).model.state_dict()[weight], atol=1e-6)
    with pytest.raises(SettingsError, match="either teacher or start"):
        load_recipe("diffusion", {"start": str(fast), "teacher": {"checkpoint": str(fast)}})
