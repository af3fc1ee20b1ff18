"""A task that is one function of a fused image: recorded with interval and values per image, and known by its code."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasets.images import read_array
from downstream.compare.__main__ import CompareCommand, comparison_cells, main
from downstream.grid.cell import Place
from downstream.image_task import ImageTask, NoSettings
from downstream.tasks import get_task
from suite.command_line import parse_settings
from suite.records import read_per_image, read_record, record_dirs

TINY = ["--synthetic", "num_train=1", "num_val=1", "num_test=3", "height=64", "width=80"]


class Warmth(ImageTask):
    """Mean level of one channel."""

    unit = "grey levels"

    def score(self, fused, sample):  # type: ignore[no-untyped-def]
        return float(read_array(fused)[..., 0].mean())


def test_one_function_gives_mean_interval_and_values_per_image(tmp_path: Path, worker_path: None) -> None:
    words = ["--fusers", "average", "--tasks", f"{__name__}:Warmth", *TINY, "--device", "cpu", "--no-report"]
    assert main([*words, "--workdir", str(tmp_path)]) == 0
    (record,) = map(read_record, record_dirs(tmp_path))
    row = next(row for row in record.rows if row.metric == "warmth")
    assert record.path is not None
    per_image = read_per_image(record.path)
    assert (row.label, row.unit, row.n) == ("Warmth", "grey levels", 3)
    assert row.value == pytest.approx(per_image["value"].mean())
    assert row.ci_low < row.value < row.ci_high
    assert (record.path / "artefacts" / "gallery.json").is_file()


def test_edited_code_is_another_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "edited_task.py"
    source.write_text("import downstream\nclass Edited(downstream.ImageTask):\n    def score(self, *_): return 0.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    words = ["--fusers", "average", "--tasks", "edited_task:Edited", *TINY]
    command = parse_settings(CompareCommand, words, prog="compare", description="")
    ids = []
    for _ in range(2):
        (cell,) = comparison_cells(command, Place(workdir=tmp_path))
        ids.append(cell.cell_id)
        source.write_text(source.read_text().replace("0.0", "1.0"))
    assert ids[0] != ids[1]


def test_its_name_is_its_kind_and_it_has_nothing_to_set() -> None:
    task = get_task(f"{__name__}:Warmth")
    assert task.kind == task.primary == "warmth"
    assert task.settings_type() is NoSettings
