"""The engine with trivial cells in real processes: order, failures, retries, kills, and two runners at once."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
import warnings
from pathlib import Path

import pytest

from downstream.grid.cell import Cell, Place, with_needs
from downstream.grid.engines.engine import Slots
from downstream.grid.engines.local import LocalEngine
from downstream.grid.lock import CellLock
from downstream.grid.runner import GridProgress, State, run_grid, survey
from downstream.grid.store import CellStore
from suite.errors import SettingsError
from tests.downstream.conftest import StartRunner, kill_group
from tests.downstream.grid.trivial_cells import AfterFragile, Clock, Fragile, Number, Sum, small_grid

RUNNER = "tests.downstream.grid.trivial_cells"
PATIENCE_SECONDS = 120


@pytest.fixture
def workdir(tmp_path: Path, worker_path: None) -> Path:
    """An empty working folder."""
    return tmp_path


def compute(workdir: Path, *cells: Cell, retry_failed: bool = False, cpus: int = 2) -> GridProgress:
    grid = with_needs(cells)
    engine = LocalEngine(Slots(jobs=cpus))
    return run_grid(grid, CellStore(workdir), engine, Place(workdir=workdir), retry_failed=retry_failed)


def states(progress: GridProgress) -> dict[str, str]:
    return {progress.cells[key].title: state.value for key, state in progress.states.items()}


def assert_computed_once(workdir: Path) -> None:
    store = CellStore(workdir)
    for key, cell in small_grid(0).items():
        assert store.is_done(key), cell.title
        assert store.attempts(key, "done") <= 1, cell.title
    assert sorted(path.read_text() for path in workdir.glob("sum-*.txt")) == ["12", "6"]


def test_a_cell_runs_after_what_it_needs_and_only_once(workdir: Path) -> None:
    total = Sum(parts=(Number(value=1), Number(value=2)))
    first = compute(workdir, total)
    assert first.succeeded
    assert (workdir / f"{total.cell_id}.txt").read_text() == "3"
    assert "wrote 1" in CellStore(workdir).log_path(Number(value=1).cell_id).read_text()
    again = compute(workdir, total)
    assert set(states(again).values()) == {"cached"}
    assert CellStore(workdir).attempts(total.cell_id, "started") == 1


def test_a_cell_whose_output_is_gone_is_computed_again(workdir: Path) -> None:
    compute(workdir, Number(value=4))
    (workdir / "numbers" / "4.txt").unlink()
    assert states(compute(workdir, Number(value=4))) == {"number/4": "done"}


def test_a_failing_cell_is_recorded_with_its_log_and_stops_nobody_else(workdir: Path) -> None:
    cells = (AfterFragile(fragile=Fragile()), Number(value=1))
    progress = compute(workdir, *cells)
    assert not progress.succeeded
    assert states(progress) == {"fragile/error": "failed", "after": "blocked", "number/1": "done"}
    log = CellStore(workdir).log_path(Fragile().cell_id).read_text()
    assert "about to break" in log
    assert "RuntimeError: this cell is broken" in log

    untouched = compute(workdir, *cells)
    assert states(untouched) == {"fragile/error": "failed", "after": "blocked", "number/1": "cached"}
    assert untouched.messages[Fragile().cell_id] == "RuntimeError: this cell is broken"
    assert CellStore(workdir).attempts(Fragile().cell_id, "started") == 1

    (workdir / "repaired").touch()
    repaired = compute(workdir, *cells, retry_failed=True)
    assert states(repaired) == {"fragile/error": "done", "after": "done", "number/1": "cached"}
    assert CellStore(workdir).failure(Fragile().cell_id) is None


def test_a_worker_that_is_killed_counts_as_failed(workdir: Path) -> None:
    fragile = Fragile(how="killed")
    progress = compute(workdir, fragile)
    assert states(progress) == {"fragile/killed": "failed"}
    assert "signal 9" in progress.messages[fragile.cell_id]


def test_a_cell_that_measures_time_runs_alone(workdir: Path) -> None:
    assert compute(workdir, Clock(name="a"), Number(value=1), Clock(name="b"), cpus=4).succeeded
    (_, end), (start, _) = sorted(
        tuple(map(float, (workdir / f"clock-{name}.txt").read_text().split())) for name in "ab"
    )
    assert end <= start


def test_a_grid_killed_at_random_moments_computes_every_cell_once(workdir: Path, start_runner: StartRunner) -> None:
    """Runner and workers die together, as when a machine goes down."""
    generator = random.Random(0)
    for _ in range(3):
        runner = start_runner(RUNNER, str(workdir), "0.2")
        time.sleep(generator.uniform(0.2, 2))
        kill_group(runner)
    finish(start_runner(RUNNER, str(workdir), "0"))
    assert_computed_once(workdir)


def test_workers_that_survive_their_runner_are_waited_for(workdir: Path, start_runner: StartRunner) -> None:
    runner = start_runner(RUNNER, str(workdir), "1.5")
    wait_until(lambda: list(workdir.glob("cells/*/attempts.jsonl")))
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    finish(start_runner(RUNNER, str(workdir), "1.5"))
    assert_computed_once(workdir)
    assert all(CellStore(workdir).attempts(key, "started") == 1 for key in small_grid(0))


def test_two_runners_share_the_work(workdir: Path, start_runner: StartRunner) -> None:
    for runner in [start_runner(RUNNER, str(workdir), "0.3") for _ in range(2)]:
        finish(runner)
    assert_computed_once(workdir)
    assert all(CellStore(workdir).attempts(key, "started") == 1 for key in small_grid(0))


def test_a_survey_computes_nothing_and_sees_what_others_compute(workdir: Path) -> None:
    cells = with_needs([Sum(parts=(Number(value=1), Number(value=2)))])
    first = next(iter(cells))
    with CellLock(CellStore(workdir).folder(first)) as ours:
        assert ours
        progress = survey(cells, CellStore(workdir))
        assert progress.ids(State.ELSEWHERE) == [first]
    assert set(survey(cells, CellStore(workdir)).states.values()) == {State.WAITING}
    assert not (workdir / "numbers").exists()


def finish(runner: subprocess.Popen[bytes]) -> None:
    assert runner.wait(PATIENCE_SECONDS) == 0


def wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_a_ray_cluster_gives_what_local_processes_give(workdir: Path) -> None:
    pytest.importorskip("ray")
    from downstream.grid.engines.ray import RayEngine

    total, fragile = Sum(parts=(Number(value=1), Number(value=2))), Fragile()
    cells = with_needs([total, AfterFragile(fragile=fragile), Clock(name="alone")])
    # Ray's own imports warn about what other libraries deprecate.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        progress = run_grid(cells, CellStore(workdir), RayEngine(Slots(jobs=2)), Place(workdir=workdir))
    assert states(progress) == {
        "number/1": "done", "number/2": "done", "sum/1+2": "done", "fragile/error": "failed", "after": "blocked",
        "clock/alone": "done",
    }  # fmt: skip
    assert (workdir / f"{total.cell_id}.txt").read_text() == "3"
    assert "RuntimeError: this cell is broken" in CellStore(workdir).log_path(fragile.cell_id).read_text()


def test_an_address_without_a_ray_cluster_is_refused_at_once() -> None:
    pytest.importorskip("ray")
    from downstream.grid.engines.ray import RayEngine

    with socket.socket() as taken:
        # Bound and not listening: whoever knocks is refused.
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=f"no Ray cluster at --address {address}.*ray start --head"):
            RayEngine(Slots(jobs=2), address)


@pytest.mark.slow
def test_slurm_jobs_give_what_local_processes_give(workdir: Path) -> None:
    pytest.importorskip("submitit")
    from downstream.grid.engines.slurm import SlurmEngine

    total = Sum(parts=(Number(value=1), Number(value=2)))
    # submitit's own stand-in for the scheduler: the same jobs as processes of this machine.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        engine = SlurmEngine(Slots(jobs=2), workdir / "slurm", {}, cluster="local")
        progress = run_grid(with_needs([total]), CellStore(workdir), engine, Place(workdir=workdir))
    assert progress.succeeded
    assert (workdir / f"{total.cell_id}.txt").read_text() == "3"
