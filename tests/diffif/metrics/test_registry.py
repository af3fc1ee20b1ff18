from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from diffif.metrics import CONVENTIONS, METRICS, choose_metrics, evaluate, get_convention, get_metric, metrics_of
from suite.errors import SettingsError, UnknownName
from tests.contracts.metric_contract import MetricContract, all_cases, make_triple

MEASURES = Path(__file__).resolve().parents[3] / "diffif" / "metrics" / "measures"


class TestEveryMetric(MetricContract):
    @pytest.fixture(params=all_cases(), ids="-".join)
    def case(self, request: pytest.FixtureRequest) -> tuple[str, str]:
        name, convention = request.param
        return name, convention


def test_every_file_of_a_metric_is_in_the_table_under_its_own_name() -> None:
    files = {path.stem for path in MEASURES.glob("*.py")} - {"__init__"}
    assert files == set(METRICS)
    assert {name: get_metric(name).name for name in METRICS} == {name: name for name in METRICS}


def test_the_standard_convention_defines_every_metric() -> None:
    assert metrics_of("standard") == tuple(METRICS)


def test_a_metric_uses_one_class_of_rules_under_every_convention() -> None:
    for name in METRICS:
        metric = get_metric(name)
        assert len({type(metric.rules_under(c)) for c in CONVENTIONS.values() if metric.is_defined_by(c)}) == 1, name


def test_a_convention_follows_the_one_it_is_based_on_where_a_metric_says_nothing() -> None:
    ssim = get_metric("ssim")
    tang, tang_uint8, cddfuse = (get_convention(name) for name in ("tang", "tang-uint8", "cddfuse"))
    assert ssim.rules_under(tang_uint8) != ssim.rules_under(tang)
    assert get_metric("mi").rules_under(tang_uint8) == get_metric("mi").rules_under(tang)
    assert metrics_of("cddfuse") == metrics_of(cddfuse.based_on)


def test_units_follow_the_convention() -> None:
    units = {name: get_metric("mi").unit_under(get_convention(name)) for name in ("standard", "tang", "vifb")}
    assert units == {"standard": "nats", "tang": "bits", "vifb": "nats"}
    assert get_metric("sf").unit_under(get_convention("tang-uint8")) == ""
    assert get_metric("sf").unit_under(get_convention("tang")) == "grey levels"


def test_an_unknown_metric_or_convention_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'ssim'"):
        get_metric("sssim")
    with pytest.raises(UnknownName, match="Did you mean 'standard'"):
        get_convention("standart")


def test_a_metric_that_a_convention_does_not_define_is_refused_with_those_that_do() -> None:
    expected = re.escape("'vifb' does not define 'vif'. Conventions that do: standard, tang")
    with pytest.raises(SettingsError, match=expected):
        evaluate(*make_triple(48, 48), metrics=("vif",), convention="vifb")


def test_all_is_everything_that_the_convention_defines_and_nothing_is_the_usual_table() -> None:
    assert [metric.name for metric in choose_metrics(["all"], "vifb")] == list(metrics_of("vifb"))
    assert [metric.name for metric in choose_metrics([], "vifb")] == ["en", "sd", "sf", "ag", "mi", "qabf", "ssim"]
    assert [metric.name for metric in choose_metrics(None, "liu2012")] == list(metrics_of("liu2012"))
    assert [metric.name for metric in choose_metrics(["en", "sd", "en"], "vifb")] == ["en", "sd"]


def test_the_tables_are_read_without_torch() -> None:
    code = "import sys; from diffif.metrics import CONVENTIONS, DEFAULT_METRICS, METRICS; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
