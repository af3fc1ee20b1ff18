"""Settings are frozen dataclasses of plain data; here they are read from mappings, written, and hashed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

from suite.errors import SettingsError, UnknownName

T = TypeVar("T")

FINGERPRINT_LENGTH = 12


def from_mapping(cls: type[T], mapping: Mapping[str, Any], *, where: str = "") -> T:
    """Build a settings dataclass from plain data, such as a parsed YAML file.

    Args:
        cls: A frozen dataclass; its fields may be dataclasses themselves.
        mapping: Field name to value. Strings are converted to numbers and booleans where the field wants them.
        where: Prefix of the key in error messages ("training." for nested settings).

    Raises:
        UnknownName: a key that the dataclass does not have.
        SettingsError: a value of the wrong type, a missing key, or a contradiction that the dataclass refuses.
    """
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        name = str(key).replace("-", "_")
        if name not in names:
            raise UnknownName("setting", f"{where}{key}", known=[f"{where}{n}" for n in names])
        values[name] = convert_value(hints[name], value, f"{where}{name}")
    try:
        return cls(**values)
    except TypeError as error:
        raise SettingsError(f"settings {cls.__name__}: {error}") from error


def to_mapping(settings: object) -> dict[str, Any]:
    """Plain data (dict, list, str, number, bool, None) that `from_mapping` turns back into equal settings."""
    if not dataclasses.is_dataclass(settings) or isinstance(settings, type):
        raise SettingsError(f"expected a settings dataclass, found {type(settings).__name__}")
    return {f.name: plain(getattr(settings, f.name)) for f in dataclasses.fields(settings)}


def override(settings: T, assignments: Mapping[str, Any]) -> T:
    """A copy with dotted keys replaced: `{"optimizer.lr": "1e-4"}`.

    A key below an optional section that is None begins the section: what is not said there has its default.

    Raises:
        UnknownName: no such key.
        SettingsError: a value of the wrong type, or one that the dataclass refuses.
    """
    mapping = to_mapping(settings)
    for dotted, value in assignments.items():
        target: dict[str, Any] = mapping
        section: type | None = type(settings)
        *parents, last = dotted.replace("-", "_").split(".")
        for parent in parents:
            section = _section(section, parent)
            if section is not None and target.get(parent) is None:
                target[parent] = {}
            if not isinstance(target.get(parent), dict):
                raise UnknownName("setting", dotted, known=_dotted_names(to_mapping(settings)))
            target = target[parent]
        if last not in target and last not in _field_names(section):
            raise UnknownName("setting", dotted, known=_dotted_names(to_mapping(settings)))
        target[last] = value
    return from_mapping(type(settings), mapping)


def _section(cls: type | None, name: str) -> type | None:
    """The dataclass that a field of a dataclass holds, or may hold; None where it holds something else."""
    if name not in _field_names(cls):
        return None
    hint = typing.get_type_hints(cls)[name]
    choices = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return next((choice for choice in choices if isinstance(choice, type) and dataclasses.is_dataclass(choice)), None)


def _field_names(cls: type | None) -> list[str]:
    return [f.name for f in dataclasses.fields(cls)] if dataclasses.is_dataclass(cls) else []


SPEC_WITH_OPTIONS = re.compile(r"([^=@]+@(?:[\w-]+[=:][^=,]*,)*[\w-]+[=:][^=,]*)(=)(.*)", re.DOTALL)
"""NAME@option=value,option=value=VALUE: the key ends with the last option."""


def parse_assignments(texts: typing.Sequence[str]) -> dict[str, str]:
    """`["a.b=c", ...]` as a mapping; a key may carry options of its own: `folder@resize=infrared=DIR`.

    Raises:
        SettingsError: a text without "=".
    """
    pairs: dict[str, str] = {}
    for text in texts:
        found = SPEC_WITH_OPTIONS.fullmatch(text)
        key, equals, value = found.groups() if found else text.partition("=")
        if not equals or not key.strip():
            raise SettingsError(f"expected key=value, got {text!r}. Example: --set optimizer.lr=1e-4")
        pairs[key.strip()] = value.strip()
    return pairs


def fingerprint(value: object) -> str:
    """Twelve hex digits that change whenever the plain data behind `value` changes; key order does not matter."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=True)
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]


def plain(value: object) -> Any:
    """Plain data (dict, list, str, number, bool, None) behind settings, paths, tuples and sets.

    Raises:
        SettingsError: anything else.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_mapping(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(v) for v in value)
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise SettingsError(f"settings hold plain data only, found {type(value).__name__}: {value!r}")


def _dotted_names(mapping: Mapping[str, Any], prefix: str = "") -> list[str]:
    names: list[str] = []
    for key, value in mapping.items():
        names += _dotted_names(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return names


def convert_value(hint: Any, value: Any, key: str) -> Any:
    """`value`, perhaps text from a command line, as the type `hint`; `key` names it in errors.

    Raises:
        SettingsError: it cannot be that type.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _convert_union(args, value, key)
    if origin is typing.Literal:
        if value not in args:
            raise SettingsError(f"{key} must be one of {', '.join(map(str, args))}, got {value!r}")
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else from_mapping(hint, _expect_mapping(value, key), where=f"{key}.")
    if origin in (tuple, list):
        return _convert_sequence(origin, args, value, key)
    if origin is dict:
        return {str(k): convert_value(args[1], v, f"{key}.{k}") for k, v in _expect_mapping(value, key).items()}
    return _convert_scalar(hint, value, key)


def _convert_union(args: tuple[Any, ...], value: Any, key: str) -> Any:
    if type(None) in args and (value is None or (isinstance(value, str) and value.lower() in ("none", "null", ""))):
        return None
    choices = [a for a in args if a is not type(None)]
    for choice in choices[:-1]:
        try:
            return convert_value(choice, value, key)
        except SettingsError:
            continue
    return convert_value(choices[-1], value, key)


def _convert_sequence(origin: Any, args: tuple[Any, ...], value: Any, key: str) -> Any:
    items = [part for part in value.split(",") if part] if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise SettingsError(f"{key} must be a list, got {value!r}")
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(items) != len(args):
            raise SettingsError(f"{key} must have {len(args)} items, got {len(items)}: {value!r}")
        return tuple(convert_value(a, item, key) for a, item in zip(args, items, strict=True))
    converted = [convert_value(args[0], item, key) if args else item for item in items]
    return tuple(converted) if origin is tuple else converted


def _convert_scalar(hint: Any, value: Any, key: str) -> Any:
    if hint is Any:
        return value
    if hint is bool and isinstance(value, str) and value.lower() in ("true", "false", "yes", "no", "1", "0"):
        return value.lower() in ("true", "yes", "1")
    if hint is Path and isinstance(value, str | Path):
        return Path(value)
    if hint in (int, float) and isinstance(value, str | int | float) and not isinstance(value, bool):
        return _convert_number(hint, value, key)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise SettingsError(f"{key} must be {getattr(hint, '__name__', hint)}, got {value!r}")


def _convert_number(hint: type[int] | type[float], value: str | float, key: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise SettingsError(f"{key} must be a number, got {value!r}") from None
    if hint is int:
        if not math.isfinite(number) or number != int(number):
            raise SettingsError(f"{key} must be a whole number, got {value!r}")
        return int(number)
    return number


def _expect_mapping(value: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"{key} must be a mapping of settings, got {value!r}")
    return value
