"""What may be written after --corrupt, and what it means."""

from __future__ import annotations

import pytest

from datasets.corruptions.condition import Condition, Step, parse_conditions
from datasets.corruptions.kinds import KINDS
from datasets.corruptions.operations import OPERATIONS
from suite.errors import SettingsError, UnknownName


def texts(*words: str) -> list[str]:
    return [condition.text for condition in parse_conditions(words)]


def test_every_kind_has_its_operation_and_the_other_way_round() -> None:
    assert set(KINDS) == set(OPERATIONS)


def test_without_a_name_each_corruption_has_its_own_source() -> None:
    found = texts("noise:25", "shift:4px", "stripe:0.1", "blur:2", "dark:0.4")
    assert found == [
        "both.noise:25",
        "infrared.shift:4px",
        "infrared.stripe:0.1",
        "visible.blur:2px",
        "visible.dark:0.4",
    ]
    assert texts("visible.shift:4", "infrared.noise:10") == ["visible.shift:4px", "infrared.noise:10"]


def test_several_severities_are_several_conditions_of_one_axis_and_zero_is_the_clean_pair() -> None:
    found = parse_conditions(["shift:0,2,4,8px", "shift:4"])
    assert [one.severity for one in found] == [2, 4, 8]
    assert {one.axis for one in found} == {"infrared.shift [px]"}


def test_joined_corruptions_happen_one_after_the_other_along_the_axis_of_the_first() -> None:
    found = parse_conditions(["shift:2,4px+visible.dark:0.4"], seed=3)
    assert [one.text for one in found] == [
        "infrared.shift:2px+visible.dark:0.4, seed 3",
        "infrared.shift:4px+visible.dark:0.4, seed 3",
    ]
    assert found[0].steps[1] == Step(kind="dark", source="visible", severity=0.4)
    assert {one.axis for one in found} == {"infrared.shift [px]+visible.dark:0.4, seed 3"}


@pytest.mark.parametrize(
    ("word", "error", "said"),
    [
        ("shft:4", UnknownName, "Did you mean 'shift'"),
        ("visibel.shift:4", UnknownName, "Did you mean 'visible'"),
        ("both.shift:4", SettingsError, "between the sources; name one: infrared.shift"),
        ("dark:1.4", SettingsError, "from 0 to 1, got '1.4'. It is: all levels multiplied by 1 minus the severity"),
        ("noise:loud", SettingsError, "got 'loud'"),
        ("noise:nan", SettingsError, "got 'nan'"),
        ("shift:-2", SettingsError, "from 0 to 1000 px"),
        ("noise", SettingsError, "noise needs a severity"),
        ("shift:0", SettingsError, "severity 0 alone"),
        ("noise:1+blur:1,2", SettingsError, "only the first of joined corruptions"),
        ("blur:1+visible.blur:2", SettingsError, "stands there twice"),
    ],
)
def test_what_cannot_be_meant_is_named(word: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        parse_conditions([word])


def test_a_condition_is_plain_data() -> None:
    from suite.settings import from_mapping, to_mapping

    (condition,) = parse_conditions(["shift:2+noise:5"], seed=1)
    assert from_mapping(Condition, to_mapping(condition)) == condition
