"""A method's numbers as the Hub reads them: each is the mean of its records, and the Hub's own library takes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reports.__main__ import main
from reports.collect import collect
from reports.eval_results import Benchmark, write_eval_results
from suite.errors import SettingsError, UnknownName

BENCHMARK = Benchmark(dataset_id="someone/pairs", revision="abc123", source_url="https://example.org/report")


def entries(paths: list[Path]) -> dict[str, dict]:
    listed = [entry for path in paths[:-1] for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
    return {entry["dataset"]["task_id"]: entry for entry in listed}


def test_a_number_is_the_mean_of_its_trainings(fabricator, tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        fabricator.detect("diffif", seed=seed)
    fabricator.quality("diffif")
    paths = write_eval_results(fabricator.workdir, "diffif", BENCHMARK, tmp_path)
    found = entries(paths)
    rows = collect(fabricator.workdir).rows
    expected = rows[(rows["metric"] == "map50") & (rows["method"] == "diffif")]["value"]
    entry = found["detect-map50"]
    assert entry["value"] == pytest.approx(expected.mean())
    assert entry["dataset"] == {"id": "someone/pairs", "task_id": "detect-map50", "revision": "abc123"}
    assert entry["source"]["url"] == "https://example.org/report"
    assert "mean of 3 trainings (seeds 0 1 2)" in entry["notes"]
    assert "95 % interval over images" in found["quality-ssim"]["notes"]
    assert all("/" not in task for task in found)


def test_the_benchmarks_declaration_names_every_task(fabricator, tmp_path: Path) -> None:
    fabricator.detect("diffif", seed=0)
    paths = write_eval_results(fabricator.workdir, "diffif", BENCHMARK, tmp_path)
    declared = yaml.safe_load(paths[-1].read_text(encoding="utf-8"))
    assert {task["id"] for task in declared["tasks"]} == set(entries(paths))
    assert {task["split"] for task in declared["tasks"]} == {"test"}


def test_the_hubs_own_library_reads_every_file(fabricator, tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed: pip install huggingface_hub")
    fabricator.detect("diffif", seed=0)
    for path in write_eval_results(fabricator.workdir, "diffif", BENCHMARK, tmp_path)[:-1]:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        read = hub.parse_eval_result_entries(content)
        assert hub.eval_result_entries_to_yaml(read) == content


def test_protocols_are_tasks_of_their_own(fabricator, tmp_path: Path) -> None:
    fabricator.detect("diffif", seed=0)
    fabricator.detect("diffif", protocol="frozen-visible", seed=0)
    found = entries(write_eval_results(fabricator.workdir, "diffif", BENCHMARK, tmp_path))
    assert {"detect-map50", "detect-frozen-visible-map50"} <= set(found)


def test_an_unknown_method_and_two_data_sets_are_named(fabricator, tmp_path: Path) -> None:
    fabricator.quality("average", "llvip")
    fabricator.quality("average", "msrs")
    with pytest.raises(SettingsError, match="several data sets: llvip, msrs"):
        write_eval_results(fabricator.workdir, "average", BENCHMARK, tmp_path)
    with pytest.raises(UnknownName, match=r"unknown method 'averag'\. Did you mean 'average'"):
        write_eval_results(fabricator.workdir, "averag", BENCHMARK, tmp_path, dataset="msrs")
    assert write_eval_results(fabricator.workdir, "average", BENCHMARK, tmp_path, dataset="msrs")


@pytest.mark.parametrize("name", ["laboratory", "a/b/c", "../x/y", "a b/c"])
def test_a_name_that_the_hub_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="--dataset-id must be OWNER/NAME"):
        Benchmark(dataset_id=name)


def test_the_command_names_what_it_wrote(fabricator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fabricator.detect("diffif", seed=0)
    words = ["eval-results", str(fabricator.workdir), "--method", "diffif", "--dataset-id", "someone/pairs"]
    assert main([*words, "--out", str(tmp_path / "model")]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert all(Path(line).is_file() for line in printed)
    assert printed[-1].endswith("eval.yaml")
