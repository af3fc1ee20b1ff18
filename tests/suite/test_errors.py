"""The family of errors: one base, helpful messages, drawn as it is."""

from __future__ import annotations

import inspect

import pytest

from suite import errors
from suite.errors import BenchError, MissingPackage, UnknownName, list_offenders


def test_every_error_derives_from_the_base_and_stands_in_the_drawing() -> None:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
    assert len(classes) > 8
    for error in classes:
        assert issubclass(error, BenchError)
        assert errors.__doc__ is not None
        assert error.__name__ in errors.__doc__


def test_a_near_name_is_suggested_and_all_are_listed() -> None:
    with pytest.raises(BenchError, match=r"unknown fuser 'difif'\. Did you mean 'diffif'\? Known: average, diffif\.$"):
        raise UnknownName("fuser", "difif", known=["diffif", "average"])


def test_a_far_name_gets_no_suggestion_but_the_hint() -> None:
    assert str(UnknownName("fuser", "zzz", known=["average"], hint="Own: folder:PATH.")) == (
        "unknown fuser 'zzz'. Known: average. Own: folder:PATH."
    )


def test_a_missing_package_is_an_instruction() -> None:
    assert str(MissingPackage("ray", "--engine ray")) == "--engine ray needs ray. Install it: pip install ray"


@pytest.mark.parametrize("number", [0, 1, 10])
def test_up_to_ten_offenders_are_listed_in_full(number: int) -> None:
    assert list_offenders([str(n) for n in range(number)]).count("\n") == max(0, number - 1)


def test_more_offenders_are_counted() -> None:
    listed = list_offenders([f"file{n}" for n in range(25)])
    assert "file9" in listed
    assert "file10" not in listed
    assert "15 more (25 in total)" in listed
