"""The ablation command: its settings, its cells, and a whole study of one training that takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffif.training.recipe import load_recipe
from downstream.ablate.__main__ import ablation_cells, main, read_settings
from downstream.ablate.settings import LABORATORY_CONFIG, REAL_CONFIG
from downstream.grid.cell import Cell, Place, with_needs
from suite.errors import BenchError, SettingsError, UnknownName
from suite.records import read_record, record_dirs

TINY = [
    "training.iterations=3", "training.data.crop=32", "training.data.batch_size=2", "training.optimizer.warmup=1",
    "training.validation.every=3", "training.validation.num_pairs=2",
    "synthetic.num_train=3", "synthetic.num_val=2", "synthetic.num_test=6", "synthetic.height=64", "synthetic.width=80",
    "quality.metrics=en,sd",
]  # fmt: skip


def cells_of(*arguments: str) -> list[Cell]:
    settings = read_settings(arguments)
    return ablation_cells(settings, Place(workdir=settings.execution.workdir.resolve()))


def titles(cells: list[Cell], kind: str) -> list[str]:
    return [cell.title for cell in with_needs(cells).values() if cell.kind == kind]


@pytest.mark.parametrize("path", [LABORATORY_CONFIG, REAL_CONFIG])
def test_the_studies_that_ship_can_be_read(path: Path) -> None:
    settings = read_settings(["--config", str(path)])
    assert settings.variants == ("full", "no-prior", "no-search")
    assert len(settings.seeds) >= 2
    load_recipe(settings.recipe)


def test_the_default_study_shares_what_its_variants_share() -> None:
    cells = cells_of()
    assert len(titles(cells, "train")) == 6
    assert titles(cells, "prior") == [f"prior/synthetic/{name}" for name in ("search", "draw-seed0", "draw-seed1")]
    assert len([title for title in titles(cells, "fuse") if title.endswith("/train")]) == 6
    assert titles(cells, "data") == ["data/synthetic"]
    for task in ("quality", "detect", "segment"):
        assert titles(cells, task)[:2] == [f"{task}/synthetic/full/seed0", f"{task}/synthetic/no-prior/seed0"]
        assert len(titles(cells, task)) == 6


def test_the_default_study_and_the_single_commands_draw_one_laboratory() -> None:
    from downstream.plan import laboratory

    assert laboratory(read_settings([]).changes("synthetic")) == laboratory({})


def test_the_command_line_changes_the_study_key_by_key() -> None:
    words = ["--variants", "full", "--seeds", "4", "--set", "detect.epochs=7", "training.data.crop=64"]
    settings, shipped = read_settings([*words, "--fuse-batch", "2"]), read_settings([])
    assert (settings.variants, settings.seeds, settings.fuse_batch) == (("full",), (4,), 2)
    assert settings.changes("detect") == {**shipped.changes("detect"), "epochs": "7"}
    assert settings.changes("training") == {**shipped.changes("training"), "data.crop": "64"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--variants", "no-prior", "no-serach"], UnknownName, "Did you mean 'no-search'"),
        (["--tasks", "detekt"], UnknownName, "Did you mean 'detect'"),
        (["--pool", "average", "gfff"], UnknownName, "Did you mean 'gff'"),
        (["--set", "detect.epoch=3"], UnknownName, "Did you mean 'detect.epochs'"),
        (["--set", "training.iteration=3"], UnknownName, "Did you mean 'iterations'"),
        (["--set", "search.convention=standart"], UnknownName, "Did you mean 'standard'"),
        (["--set", "detect.protocol=frozen", "detect.frozen_on=diffif"], SettingsError, "so it cannot judge"),
        (["--root", "somewhere"], SettingsError, "needs --dataset"),
        (["--dataset", "msrs"], SettingsError, "needs --root"),
        (["--evaluate", "msrs"], SettingsError, "key=value"),
        (["--config", "nowhere.yaml"], SettingsError, "cannot read --config nowhere.yaml"),
        (["--seeds", "-1"], SettingsError, "0 or greater"),
        (["--seeds", "3", "3"], SettingsError, "a seed twice"),
        (["--set", "detekt.epochs=3"], UnknownName, "Did you mean 'detect'"),
        (["--variants", "weights:"], SettingsError, "variant 'weights:': the search has nothing to maximise"),
        (
            ["--variants", "weights:ssim=x"],
            SettingsError,
            "variant 'weights:ssim=x': the weight of ssim must be a number",
        ),
        (["--variants", "weights:simm=1"], UnknownName, "Did you mean 'ssim'"),
        (["--workdir", "one,two"], SettingsError, "has a comma in its path"),
    ],
)
def test_bad_input_is_refused_before_any_work(arguments: list[str], error: type[BenchError], message: str) -> None:
    with pytest.raises(error, match=message):
        cells_of(*arguments)


def test_a_frozen_detector_is_trained_on_its_teachers_images() -> None:
    cells = cells_of("--tasks", "detect", "--set", "detect.protocol=frozen", "detect.frozen_on=average")
    fused = titles(cells, "fuse")
    assert "fuse/synthetic/average/train+val" in fused
    assert not [title for title in fused if title.endswith("train+val") and "average" not in title]


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "work"
    assert main(["--dry-run", "--workdir", str(work), "--device", "cpu", "--only", "quality/*/seed0"]) == 0
    shown = capsys.readouterr().out
    assert "quality/synthetic/no-search/seed0" in shown
    assert "prior/synthetic/search" in shown
    assert "seed1" not in shown
    assert "how long is unknown" in shown
    assert not work.exists()


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_dry_run_refuses_a_file_as_working_folder(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--dry-run", "--workdir", str(tmp_path / name), "--device", "cpu"]) == 1
    assert "file is a file" in capsys.readouterr().err


def test_only_must_match_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dry-run", "--workdir", str(tmp_path), "--device", "cpu", "--only", "qualty/*"]) == 1
    assert "Cells are called data/synthetic" in capsys.readouterr().err


def test_the_goal_of_the_search_is_a_setting_and_a_variant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--dry-run", "--workdir", str(tmp_path), "--seeds", "0", "--tasks", "quality"]
    variants = ["--variants", "full", "weights:ssim=1,vif=0,qabf=0", "weights:scd=1"]
    assert main([*command, *variants, "--set", "search.ssim=0.5"]) == 0
    out = capsys.readouterr().out
    assert "prior/synthetic/weights:ssim=1,vif=0,qabf=0" in out
    assert "prior/synthetic/weights:scd=1" in out
    assert main([*command, "--set", "search.convetion=tang"]) == 1
    assert "Did you mean 'convention'?" in capsys.readouterr().err
    assert main([*command, "--set", "search.convention=tank"]) == 1
    assert "Did you mean 'tang'?" in capsys.readouterr().err
    assert main([*command, "--variants", "weights:sim=1"]) == 1
    assert "Did you mean 'ssim'?" in capsys.readouterr().err


@pytest.mark.slow
def test_a_study_ends_in_records_that_name_variant_and_seed(tmp_path: Path, worker_path: None) -> None:
    command = [
        "--variants", "full", "steps=1", "--tasks", "quality", "--seeds", "3", "--pool", "average", "--workdir",
        str(tmp_path), "--device", "cpu", "--no-report", "--set", *TINY,
    ]  # fmt: skip
    assert main(command) == 0
    records = list(map(read_record, record_dirs(tmp_path)))
    assert {(row.fuser, row.variant, row.seed) for record in records for row in record.rows} == {
        ("diffif", "full", 3),
        ("diffif", "steps=1", 3),
    }
    assert len(list(tmp_path.glob("cells/train-*/model/best.safetensors"))) == 1
    full = next(record for record in records if record.rows[0].variant == "full")
    assert full.command.endswith("--only quality/synthetic/full/seed3")
    assert full.path is not None
    assert str(tmp_path) not in str(full.settings)


def test_trainings_of_unlike_networks_share_no_estimate_of_time() -> None:
    def workload(*more: str) -> str:
        cells = with_needs(cells_of("--variants", "full", "--seeds", "0", "--set", *TINY, *more)).values()
        (cell,) = (cell for cell in cells if cell.kind == "train")
        return cell.workload

    assert workload() == workload("training.loss.ssim=1.5")
    small = "training.model.renderer.widths=8,8", "training.model.renderer.blocks=1,1"
    assert len({workload(), workload("training.model.denoiser.inner_channels=16"), workload(*small)}) == 3
    # The renderer stands in the refiner's place: the refiner's width decides nothing there.
    wide = "training.model.refiner.width=12"
    assert workload(*small) == workload(*small, wide)
    assert workload() != workload(wide)
