from __future__ import annotations

import re

import pytest

from diffif.metrics import CONVENTIONS, METRICS, evaluate, get_convention, get_metric
from suite.errors import SettingsError, UnknownName
from tests.contracts.metric_contract import MetricContract, all_cases, make_triple


class TestEveryMetric(MetricContract):
    @pytest.fixture(params=all_cases(), ids="-".join)
    def case(self, request: pytest.FixtureRequest) -> tuple[str, str]:
        name, convention = request.param
        return name, convention


def test_the_standard_convention_defines_every_metric_and_no_convention_an_unknown_one() -> None:
    assert list(CONVENTIONS["standard"].metrics) == list(METRICS)
    for convention in CONVENTIONS.values():
        assert set(convention.metrics) <= set(METRICS)


def test_every_convention_uses_the_rules_class_that_the_metric_reads() -> None:
    for convention in CONVENTIONS.values():
        for name, rules in convention.metrics.items():
            assert type(rules) is type(CONVENTIONS["standard"].metrics[name]), (convention.name, name)


def test_an_unknown_metric_or_convention_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'ssim'"):
        get_metric("sssim")
    with pytest.raises(UnknownName, match="Did you mean 'standard'"):
        get_convention("standart")


def test_a_metric_that_a_convention_does_not_define_is_refused() -> None:
    with pytest.raises(SettingsError, match=re.escape("'vifb' does not define 'vif'")):
        evaluate(*make_triple(48, 48), metrics=("vif",), convention="vifb")
