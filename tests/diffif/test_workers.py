"""Worker processes change the speed and nothing else, survive what goes wrong, and do not outlive their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest
import torch

from datasets.base import PairedDataset
from datasets.images import read_array, write_image
from diffif.fusers.registry import build_fuser
from diffif.prior.candidates import make_candidates
from diffif.prior.targeted_search import search
from diffif.workers import THREAD_VARIABLES, Workers, default_jobs
from suite.errors import BenchError, DeviceError, ImageError, SettingsError, UnknownName
from tests.conftest import REPOSITORY

MakePairs = Callable[..., PairedDataset]
SPECS = ("average", "laplacian", "max")


def answer(number: int) -> tuple[int, int, str]:
    if number == 1:
        time.sleep(0.2)
    return number, torch.get_num_threads(), os.environ[THREAD_VARIABLES[0]]


def fail(number: int) -> int:
    if number == 1:
        raise UnknownName("fuser", "averag", known=["average"])
    if number == 2:
        raise ImageError("no image")
    if number == 3:
        os._exit(9)
    return number


def test_without_processes_the_caller_does_the_work_in_order() -> None:
    finished = []
    assert Workers().map(str, [3, 1, 2], done=lambda: finished.append(1)) == ["3", "1", "2"]
    assert len(finished) == 3


def test_little_work_starts_no_process_and_much_work_one_per_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    assert [default_jobs(images) for images in (1, 299, 300, 700, 10_000)] == [1, 1, 2, 3, 4]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert default_jobs(10**6) == 8


def test_one_worker_is_this_process_on_one_thread() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with Workers(1) as workers:
            assert workers.map(lambda _: (os.getpid(), torch.get_num_threads()), [0]) == [(os.getpid(), 1)]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_fewer_than_one_process_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least 1, got 0"):
        Workers(0)


def test_results_come_in_order_from_workers_of_one_thread_and_errors_cross_over() -> None:
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    with Workers(2) as workers:
        assert workers.map(answer, [1, 2, 3, 4]) == [(n, 1, "1") for n in (1, 2, 3, 4)]
        with pytest.raises(BenchError, match="Did you mean 'average'"):
            workers.map(fail, [0, 1])
        with pytest.raises(ImageError, match="no image"):
            workers.map(fail, [0, 2])
        with pytest.raises(DeviceError, match=r"worker processes died[\s\S]*--jobs 1"):
            workers.map(fail, [3])
    assert {name: os.environ.get(name) for name in THREAD_VARIABLES} == before


def test_the_number_of_workers_changes_no_pixel_and_no_digit(make_pairs: MakePairs, tmp_path: Path) -> None:
    dataset = make_pairs(count=5)
    fusers = [(spec, build_fuser(spec)) for spec in SPECS]
    tables = []
    for jobs in (1, 2):
        out = tmp_path / str(jobs)
        with Workers(jobs) as workers:
            pool = make_candidates(dataset, fusers, out, workers=workers)
            tables.append(search(dataset.samples, pool, out, workers=workers).table)
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    files = [sorted((tmp_path / name / "Fusion_K").iterdir()) for name in ("1", "2")]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]


@pytest.mark.slow
def test_killed_and_restarted_equals_undisturbed(make_pairs: MakePairs, tmp_path: Path) -> None:
    for sample in make_pairs(count=40, size=(160, 160)):
        for kind, path in (("vi", sample.visible), ("ir", sample.infrared)):
            write_image(tmp_path / "data" / "train" / kind / path.name, read_array(path))
    command = [sys.executable, "-m", "diffif", "search", "--dataset", "folder", "--root", str(tmp_path / "data")]
    command += ["--candidates", "laplacian,max", "--jobs", "2", "--out"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, timeout=300, cwd=REPOSITORY)
    process = subprocess.Popen([*command, str(tmp_path / "killed")], cwd=REPOSITORY)
    while len(list((tmp_path / "killed" / "scores").glob("*.json"))) < 3:
        assert process.poll() is None
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    scored = {p: p.stat().st_mtime_ns for p in (tmp_path / "killed" / "scores").glob("*.json")}
    assert len(scored) < 38
    subprocess.run([*command, str(tmp_path / "killed")], check=True, timeout=300, cwd=REPOSITORY)
    assert all(path.stat().st_mtime_ns == then for path, then in scored.items())
    whole, killed = (pd.read_parquet(tmp_path / run / "scores.parquet") for run in ("whole", "killed"))
    pd.testing.assert_frame_equal(whole, killed, check_exact=True)
    images = [sorted((tmp_path / run / "Fusion_K").iterdir()) for run in ("whole", "killed")]
    assert [p.read_bytes() for p in images[0]] == [p.read_bytes() for p in images[1]]
