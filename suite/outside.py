"""Python from outside, and the literal tables of this repository: what `package.module:NAME` stands for."""

from __future__ import annotations

import hashlib
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from suite.errors import SettingsError

OURS = ("suite", "datasets", "diffif", "downstream", "reports")


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


def is_outside(cls: type[Any]) -> bool:
    """Whether a class is no part of this suite, so that its code may change between two runs of one version."""
    return cls.__module__.partition(".")[0] not in OURS


def code_digest(module: str) -> str:
    """SHA-256 of the source of an imported module, so that edited code is known as other code; empty without a file."""
    source = getattr(sys.modules.get(module), "__file__", None)
    return hashlib.sha256(Path(source).read_bytes()).hexdigest() if source else ""


def find_module(name: str) -> ModuleSpec | None:
    """Where a module lies; None where there is none."""
    try:
        return find_spec(name)
    except (ImportError, ValueError):
        return None


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
