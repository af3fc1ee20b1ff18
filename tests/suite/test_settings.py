"""Settings: plain data in, frozen dataclasses out, and errors that name the key."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from suite.errors import SettingsError, UnknownName
from suite.settings import fingerprint, from_mapping, override, parse_assignments, to_mapping


@dataclass(frozen=True, kw_only=True)
class Inner:
    lr: float = 1e-4
    name: Literal["adam", "sgd"] = "adam"


@dataclass(frozen=True, kw_only=True)
class Outer:
    steps: int = 4
    flag: bool = False
    size: tuple[int, int] = (8, 8)
    many: tuple[str, ...] = ()
    seed: int | None = None
    root: Path | None = None
    inner: Inner = field(default_factory=Inner)
    second: Inner | None = None

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SettingsError(f"steps must be at least 1, got {self.steps}")


FULL = Outer(steps=9, flag=True, size=(3, 4), many=("a", "b"), seed=7, root=Path("x"), inner=Inner(lr=0.5, name="sgd"))


@pytest.mark.parametrize("settings", [Outer(), FULL])
def test_plain_data_gives_the_settings_back(settings: Outer) -> None:
    assert from_mapping(Outer, to_mapping(settings)) == settings


def test_text_of_a_command_line_becomes_the_right_type() -> None:
    mapping = {"steps": "9", "flag": "true", "size": "3,4", "many": "a,b", "seed": "7", "root": "x"}
    inner = {"lr": "5e-1", "name": "sgd"}
    assert from_mapping(Outer, {**mapping, "inner": inner}) == FULL
    assert from_mapping(Outer, {"seed": "none"}).seed is None


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"steps": "four"}, "steps must be a number, got 'four'"),
        ({"steps": 2.5}, "steps must be a whole number, got 2.5"),
        ({"steps": "inf"}, "steps must be a whole number, got 'inf'"),
        ({"steps": "nan"}, "steps must be a whole number, got 'nan'"),
        ({"steps": True}, "steps must be int, got True"),
        ({"flag": "maybe"}, "flag must be bool"),
        ({"flag": 1}, "flag must be bool"),
        ({"size": [1, 2, 3]}, "size must have 2 items, got 3"),
        ({"many": 3}, "many must be a list, got 3"),
        ({"inner": {"name": "adagrad"}}, "inner.name must be one of adam, sgd, got 'adagrad'"),
        ({"inner": {"lr": "fast"}}, "inner.lr must be a number"),
        ({"inner": 3}, "inner must be a mapping"),
        ({"steps": 0}, "steps must be at least 1"),
    ],
)
def test_a_wrong_value_names_its_key(mapping: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        from_mapping(Outer, mapping)


def test_an_unknown_key_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match=r"unknown setting 'inner\.lrr'\. Did you mean 'inner\.lr'"):
        from_mapping(Outer, {"inner": {"lrr": 1}})


def test_dotted_keys_replace_single_values() -> None:
    changed = override(Outer(), {"inner.lr": "1e-2", "steps": 8})
    assert changed == Outer(steps=8, inner=Inner(lr=0.01))
    with pytest.raises(UnknownName, match=r"Did you mean 'inner\.lr'"):
        override(Outer(), {"inner.l": 1})
    with pytest.raises(UnknownName, match=r"unknown setting 'steps\.lr'"):
        override(Outer(), {"steps.lr": 1})


def test_a_key_below_an_absent_section_begins_it() -> None:
    changed = override(Outer(), {"second.lr": "0.5", "second.name": "sgd"})
    assert changed == Outer(second=Inner(lr=0.5, name="sgd"))
    assert override(changed, {"second": "none"}) == Outer()
    with pytest.raises(UnknownName, match=r"unknown setting 'second\.lrr'"):
        override(Outer(), {"second.lrr": 1})
    with pytest.raises(UnknownName, match=r"unknown setting 'root\.lr'"):
        override(Outer(), {"root.lr": 1})


def test_assignments_are_split_at_the_first_equals_sign() -> None:
    assert parse_assignments(["a.b = c=d", "e="]) == {"a.b": "c=d", "e": ""}
    assert parse_assignments(["a=b@c=d", "e@f=g"]) == {"a": "b@c=d", "e@f": "g"}
    with pytest.raises(SettingsError, match="expected key=value, got 'a'"):
        parse_assignments(["a"])


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("folder@resize=infrared=DIR", "folder@resize=infrared", "DIR"),
        ("folder@resize=infrared,range-over=set=DIR", "folder@resize=infrared,range-over=set", "DIR"),
        ("folder@visible=*_rgb,infrared=*_th=a=b", "folder@visible=*_rgb,infrared=*_th", "a=b"),
        ("folder@resize:infrared,infrared-range:20:45=DIR", "folder@resize:infrared,infrared-range:20:45", "DIR"),
    ],
)
def test_a_key_may_carry_options_of_its_own(text: str, key: str, value: str) -> None:
    assert parse_assignments([text]) == {key: value}


def test_the_fingerprint_changes_with_every_field_and_not_with_order() -> None:
    changes = {
        "steps": 5,
        "flag": True,
        "size": (8, 9),
        "many": ("a",),
        "seed": 0,
        "root": Path("y"),
        "inner": Inner(lr=1),
    }
    prints = {fingerprint(Outer()), *(fingerprint(dataclasses.replace(Outer(), **{k: v})) for k, v in changes.items())}
    assert len(prints) == 1 + len(changes)
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert len(fingerprint(Outer())) == 12


def test_what_is_not_plain_data_is_refused() -> None:
    with pytest.raises(SettingsError, match="plain data only, found object"):
        fingerprint({"a": object()})
    with pytest.raises(SettingsError, match="expected a settings dataclass"):
        to_mapping({"a": 1})
