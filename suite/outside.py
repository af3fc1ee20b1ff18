"""Python from outside, and the literal tables of this repository: what `package.module:NAME` stands for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from suite.errors import SettingsError


def import_named(place: str, what: str, *, expected: str = "package.module:Class") -> Any:
    """The object that `package.module:NAME` names.

    Args:
        place: Module and name.
        what: What is looked for, with its article, for the error message: "the task", "a metric".
        expected: What would have been right, for the error message.

    Raises:
        SettingsError: no such module, a module that fails to import, or no such name in it.
    """
    module, _, attribute = place.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"cannot import {what} {place!r}: {error}. Expected {expected}.") from error


def import_subclass(place: str, base: type[Any], what: str) -> type[Any]:
    """The class that `package.module:Class` names.

    Args:
        place: Module and name.
        base: What it must derive from.
        what: As in `import_named`.

    Raises:
        SettingsError: it cannot be imported, or derives from something else.
    """
    found = import_named(place, what)
    if not (isinstance(found, type) and issubclass(found, base)):
        expected = f"{base.__module__}.{base.__qualname__}"
        raise SettingsError(f"{place} is not a subclass of {expected}; see docs/extending.md.")
    return found
