"""A study that is killed, shared by two runners, or computed by Ray gives the records of one that was left alone.

Real commands on a miniature laboratory: drawn pairs, candidates, search, trainings, fused images, quality, detection
and segmentation. Kills come after a drawn amount of progress, not at a drawn second.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from downstream.grid.store import ATTEMPTS, DONE, CellStore
from suite.records import read_per_image, read_record, record_dirs
from suite.rows import Row
from tests.downstream.conftest import StartRunner, kill_group

PATIENCE_SECONDS = 1200
LONGEST_DELAY = 3.0
"""Seconds after the drawn progress; about the length of a cell, so that a kill falls anywhere in its work."""
NUM_CELLS = 20
KILLS = 5
MEASURED = ("ms",)
"""Metrics that are times: of the machine, not of the method."""
STUDY = [
    "--variants", "full", "no-prior", "--tasks", "quality", "detect", "segment", "--seeds", "0", "--pool", "average",
    "max", "--device", "cpu", "--jobs", "2", "--no-report",
    "--set", "training.iterations=12", "training.checkpoint_every=2", "training.data.crop=32",
    "training.data.batch_size=2", "training.optimizer.warmup=2", "training.validation.every=6",
    "training.validation.num_pairs=1", "synthetic.num_train=6", "synthetic.num_val=2", "synthetic.num_test=4",
    "synthetic.height=64", "synthetic.width=80", "quality.metrics=en,sd",
    "detect.epochs=2", "detect.imgsz=64", "detect.batch=4",
    "detect.resamples=20", "segment.epochs=2", "segment.crop=64", "segment.batch=4", "segment.resamples=20",
]  # fmt: skip

pytestmark = pytest.mark.slow
StartStudy = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start_study(start_runner: StartRunner) -> StartStudy:
    """Start the study in a working folder."""
    return lambda workdir, *more: start_runner("downstream.ablate", "--workdir", str(workdir), *STUDY, *more)


@pytest.fixture(scope="module")
def undisturbed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("undisturbed")


@pytest.fixture
def undisturbed(undisturbed_dir: Path, start_study: StartStudy) -> Path:
    """A finished study; computed once for all tests of this file."""
    finish(start_study(undisturbed_dir))
    assert len(cells_of(undisturbed_dir)) == NUM_CELLS
    return undisturbed_dir


def test_a_study_killed_five_times_gives_the_records_of_an_undisturbed_one(
    undisturbed: Path, tmp_path: Path, start_study: StartStudy
) -> None:
    generator = random.Random(7)
    # Cells that are done before each kill: one moment in each fifth of the study, so that none of its parts is spared.
    moments = [round((fifth + generator.random()) * (NUM_CELLS - 2) / KILLS) for fifth in range(KILLS)]
    # Once the runner dies alone, and its workers go on under the next one.
    alone = generator.randrange(KILLS)
    seen: dict[Path, bytes] = {}
    interrupted: set[str] = set()
    for index, num_done in enumerate(moments):
        runner = start_study(tmp_path)
        wait_for_progress(runner, tmp_path, num_done)
        time.sleep(generator.uniform(0, LONGEST_DELAY))
        if index == alone:
            os.kill(runner.pid, signal.SIGKILL)
            runner.wait()
        else:
            kill_group(runner)
            interrupted |= set(at_work(tmp_path))
        seen |= finished_files(tmp_path)
    finish(start_study(tmp_path))

    assert_each_cell_was_computed_once(tmp_path)
    assert_same_records(undisturbed, tmp_path)
    assert interrupted, "no kill fell into the work of a cell"
    # What was finished at any kill was never written again.
    assert [path for path, content in seen.items() if path.read_bytes() != content] == []
    print(f"kills after {moments} cells, the runner alone at {moments[alone]}; interrupted: {sorted(interrupted)}")


def test_two_runners_on_one_folder_give_the_records_of_one(
    undisturbed: Path, tmp_path: Path, start_study: StartStudy
) -> None:
    for runner in [start_study(tmp_path), start_study(tmp_path)]:
        finish(runner)
    assert_each_cell_was_computed_once(tmp_path)
    assert all(events(tmp_path, cell) == ["started", "done"] for cell in cells_of(tmp_path))
    assert_same_records(undisturbed, tmp_path)


def test_a_ray_cluster_gives_the_records_of_local_processes(
    undisturbed: Path, tmp_path: Path, start_study: StartStudy
) -> None:
    pytest.importorskip("ray", reason="needs Ray: pip install 'diffif-bench[ray]'")
    finish(start_study(tmp_path, "--engine", "ray"))
    assert all(events(tmp_path, cell) == ["started", "done"] for cell in cells_of(tmp_path))
    assert_same_records(undisturbed, tmp_path)


def finish(runner: subprocess.Popen[bytes]) -> None:
    assert runner.wait(PATIENCE_SECONDS) == 0


def wait_for_progress(runner: subprocess.Popen[bytes], workdir: Path, num_done: int) -> None:
    """Until so many cells are done and another one is at work, or nothing is left to do."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(finished_files(workdir)) < num_done or not at_work(workdir):
        if runner.poll() is not None:
            assert runner.returncode == 0
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)


def cells_of(workdir: Path) -> list[str]:
    return sorted(path.name for path in workdir.glob("cells/*"))


def events(workdir: Path, cell: str) -> list[str]:
    """What happened to a cell, in order."""
    path = CellStore(workdir).folder(cell) / ATTEMPTS
    lines = path.read_text().splitlines() if path.is_file() else []
    return [json.loads(line)["event"] for line in lines]


def at_work(workdir: Path) -> list[str]:
    """Cells that were begun and not finished."""
    store = CellStore(workdir)
    return [cell for cell in cells_of(workdir) if events(workdir, cell)[-1:] == ["started"] and not store.is_done(cell)]


def finished_files(workdir: Path) -> dict[Path, bytes]:
    """Everything that says that a cell is done, and what it published."""
    found = [*workdir.glob(f"cells/*/{DONE}"), *workdir.glob("cells/*/result.json")]
    return {path: path.read_bytes() for path in found}


def assert_each_cell_was_computed_once(workdir: Path) -> None:
    for cell in cells_of(workdir):
        assert CellStore(workdir).is_done(cell), f"{cell} is missing"
        history = events(workdir, cell)
        # A worker that is killed between its result and this line leaves none behind.
        assert history.count("done") <= 1, f"{cell} was computed twice"
        assert "done" not in history[:-1], f"{cell} was begun again after it was done: {history}"


def assert_same_records(one: Path, other: Path) -> None:
    """Cells, rows (values and intervals), and the numbers of single images; of measured times only that they exist."""
    assert cells_of(one) == cells_of(other)
    first, second = (
        {record.cell_id: record for record in map(read_record, record_dirs(workdir))} for workdir in (one, other)
    )
    assert len(first) == 6
    assert first.keys() == second.keys()
    for cell, record in first.items():
        assert [as_text(row) for row in record.rows] == [as_text(row) for row in second[cell].rows]
        assert record.settings == second[cell].settings
        tables = [read_per_image(workdir / "cells" / cell) for workdir in (one, other)]
        calm, disturbed = (table[~table["metric"].isin(MEASURED)].reset_index(drop=True) for table in tables)
        assert len(calm) > 0
        assert calm.equals(disturbed)


def as_text(row: Row) -> str:
    # Text, since nan differs from itself.
    return str(asdict(replace(row, value=0.0) if row.metric in MEASURED else row))
