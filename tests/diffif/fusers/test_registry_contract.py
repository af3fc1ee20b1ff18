"""Every entry of the table keeps the fuser contract; entries are found from the table, so none can be forgotten."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from diffif.fusers.base import Fuser
from diffif.fusers.registry import FUSERS, build_fuser, get_fuser
from suite.errors import CheckpointError, WeightsError
from tests.conftest import REPOSITORY
from tests.contracts.fuser_contract import FuserContract

# Costly settings are turned down: the contract does not depend on them.
QUICK = {
    "diffif": "diffif@steps=2",
    "goal-ascent": "goal-ascent@steps=2",
    "csr": "csr@iterations=5",
    "latlrr": "latlrr@iterations=20",
    "gtf": "gtf@iterations=30",
}

# Settings whose other values cannot be made up from their type.
OTHER_VALUES = {"dwt": {"wavelet": ["db2"]}, "diffif": {"steps": [3], "eta": [0.5], "window": [16]}}


@pytest.fixture(autouse=True)
def _weights(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(os.environ.get("DIFFIF_SHARED", REPOSITORY.parent / "shared")) / "weights"
    if folder.is_dir():
        monkeypatch.setenv("DIFFIF_WEIGHTS", str(folder))


def build(name: str) -> Fuser:
    spec = QUICK.get(name, name)
    try:
        return build_fuser(spec)
    except (WeightsError, CheckpointError) as error:
        pytest.skip(f"{name}: {str(error).splitlines()[0]}")


@pytest.mark.parametrize("name", sorted(FUSERS))
class TestEveryFuser(FuserContract):
    @pytest.fixture
    def fuser(self, name: str) -> Fuser:
        return build(name)

    def test_table_name_is_the_class_name(self, name: str) -> None:
        assert get_fuser(name).name == name

    def test_fuser_has_a_constructor_that_takes_a_device(self, name: str) -> None:
        assert "device" in inspect.signature(get_fuser(name)).parameters


def settings_of(name: str) -> dict[str, list[Any]]:
    """The settings a user may give after @, each with values other than its default."""
    cls = get_fuser(name)
    hints = get_type_hints(cls.__init__)
    found = {}
    for option, parameter in inspect.signature(cls).parameters.items():
        if option not in ("device", "weights", "settings"):
            known = OTHER_VALUES.get(name, {}).get(option)
            found[option] = known or other_values(hints[option], parameter.default)
    return found


def other_values(hint: Any, default: Any) -> list[Any]:
    """Values of the annotated type that are not the default; none where the type does not say what is allowed."""
    arguments = get_args(hint)
    if get_origin(hint) is Literal:
        return [value for value in arguments if value != default]
    if type(None) in arguments:
        return [value for inner in arguments if inner is not type(None) for value in other_values(inner, default)]
    if hint is bool:
        return [not default]
    if hint is int and default is not None:
        return [default + 1]
    return [default * 1.25 or 0.25] if hint is float and default is not None else []


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in sorted(FUSERS) for option in settings_of(name)]
)
def test_every_setting_enters_the_fingerprint(name: str, option: str) -> None:
    build(name)  # skips where weights are missing
    others = settings_of(name)[option]
    assert others, f"say in OTHER_VALUES which value {option} may take beside its default"
    fingerprints = {build_fuser(f"{name}@{option}={value}").fingerprint for value in others}
    assert fingerprints - {build_fuser(name).fingerprint}
