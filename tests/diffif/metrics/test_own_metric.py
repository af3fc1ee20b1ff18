"""A metric of the user's own, as an object and by its path."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from datasets.images import write_image
from diffif.metrics import FusionMetric, Metric, evaluate, get_metric
from diffif.metrics.__main__ import main
from suite.errors import SettingsError
from tests.contracts.metric_contract import make_triple

SOURCE = """
from diffif.metrics import Metric

def measure(triple, rules):
    return triple.fused.levels.mean(dim=(-2, -1))

BRIGHTNESS = Metric(name="brightness", label="Brightness", higher_is_better=True, measure=measure)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_brightness.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "own_brightness"


def test_an_object_is_scored_beside_the_names_of_the_table_under_any_convention(module: str) -> None:
    own = get_metric(f"{module}:BRIGHTNESS")
    fused, visible, infrared = make_triple(24, 24, batch=2)
    for convention in ("standard", "vifb"):
        scores = evaluate(fused, visible, infrared, metrics=["en", own], convention=convention)
        assert list(scores) == ["en", "brightness"]
        torch.testing.assert_close(scores["brightness"], 255 * fused.double().mean(dim=(-3, -2, -1)))
    metric = FusionMetric(own)
    metric.update(fused, visible, infrared)
    torch.testing.assert_close(metric.compute(), scores["brightness"].mean())


def test_the_command_takes_it_by_its_path(module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for name, image in zip(("fused", "vi", "ir"), make_triple(24, 24), strict=True):
        paths.append(str(tmp_path / f"{name}.png"))
        write_image(Path(paths[-1]), image[0])
    assert main([*paths, "--metrics", f"en,{module}:BRIGHTNESS"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["image", "EN", "Brightness"]


def test_what_is_no_metric_is_refused_with_what_was_found(module: str) -> None:
    with pytest.raises(SettingsError, match=r"'own_brightness:measure' is a function; expected a diffif\.metrics\.Met"):
        get_metric(f"{module}:measure")
    with pytest.raises(SettingsError, match=r"cannot import the metric .*package\.module:METRIC"):
        get_metric(f"{module}:ABSENT")
    with pytest.raises(SettingsError, match="cannot import the metric"):
        get_metric("no_such_module:METRIC")


def test_two_metrics_of_one_name_are_refused() -> None:
    copy = Metric(name="en", label="EN", higher_is_better=True, measure=lambda triple, rules: triple.fused.levels)
    with pytest.raises(SettingsError, match="two different metrics are called 'en'"):
        evaluate(*make_triple(8, 8), metrics=["en", copy])
