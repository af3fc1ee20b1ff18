"""Every error that a user is expected to meet; the standard library only, so that anyone may import it.

    BenchError                 catch this one to catch them all
    ├── SettingsError          a setting or a command-line value is not usable
    │   └── UsageError         a command line that cannot be understood: an unknown option, a missing value
    ├── UnknownName            a fuser, dataset, metric ... that does not exist (did you mean ...)
    ├── DatasetError           a dataset folder has the wrong layout, or some of its files have problems
    ├── ImageError             an image cannot be read, or a tensor has the wrong shape or range
    ├── WeightsError           published weights are missing, altered or unsafe to load
    ├── CheckpointError        a Diff-IF checkpoint is missing, or is not one
    ├── DeviceError            the requested device does not exist here, or has too little memory
    ├── WorkdirError           the working folder cannot be written, or is full
    ├── ResultError            a result record cannot be read or does not fit the schema
    ├── TrainingError          a training run had to stop (non-finite loss, ...)
    ├── EnvironmentConflict    another installed package has the name of one of ours
    └── MissingPackage         an optional package is needed; says which, what for, and the pip line

A message says where, what was found, what was expected, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class BenchError(Exception):
    """Base of all expected errors; commands print it as one block without a traceback."""


class SettingsError(BenchError):
    """A setting or a command-line value is not usable."""


class UsageError(SettingsError):
    """A command line that cannot be understood: an unknown option, a missing value."""


class UnknownName(BenchError):
    """A name that is not in a table; the message suggests the nearest known one.

    Args:
        kind: What the name should have named, in the field's word ("fuser", "dataset", "metric").
        name: The name that was given.
        known: Every name that would have been accepted.
        hint: A further sentence, for example how to bring one's own.
    """

    def __init__(self, kind: str, name: str, *, known: Iterable[str], hint: str = "") -> None:
        names = sorted(known)
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        suggestion = f" Did you mean {nearest[0]!r}?" if nearest else ""
        tail = f" {hint}" if hint else ""
        super().__init__(f"unknown {kind} {name!r}.{suggestion} Known: {', '.join(names)}.{tail}")


class DatasetError(BenchError):
    """A dataset folder has the wrong layout, or some of its files have problems."""


class ImageError(BenchError):
    """An image cannot be read, or a tensor has the wrong shape or range."""


class WeightsError(BenchError):
    """Published weights are missing, altered or unsafe to load."""


class CheckpointError(BenchError):
    """A Diff-IF checkpoint is missing, or is not one."""


class DeviceError(BenchError):
    """The requested device does not exist here, or has too little memory."""


class WorkdirError(BenchError):
    """The working folder cannot be written, or is full."""


class ResultError(BenchError):
    """A result record cannot be read or does not fit the schema."""


class TrainingError(BenchError):
    """A training run had to stop; what it had computed is kept."""


class EnvironmentConflict(BenchError):
    """Another installed package has the name of one of ours."""


class MissingPackage(BenchError):
    """An optional package is needed.

    Args:
        package: The name to give to pip.
        purpose: What needs it, for example "--engine ray".
    """

    def __init__(self, package: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}. Install it: pip install {package}")


def list_offenders(offenders: Sequence[str], *, most: int = 10) -> str:
    """The first offenders, one indented line each, and how many more there are."""
    lines = [f"  {offender}" for offender in offenders[:most]]
    if len(offenders) > most:
        lines.append(f"  ... and {len(offenders) - most} more ({len(offenders)} in total)")
    return "\n".join(lines)
