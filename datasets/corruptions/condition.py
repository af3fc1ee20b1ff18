"""A condition: what is done to the sources of a pair before anyone fuses them; its syntax, and its plain data.

[SOURCE.]KIND:SEVERITY[,SEVERITY ...]     several severities are as many conditions, a curve in the report
infrared.shift:2,4,8px+visible.dark:0.4   one after the other; only the first may have several severities
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from datasets.corruptions.kinds import KINDS, SOURCES, Source
from suite.errors import SettingsError, UnknownName

EXAMPLE = "infrared.shift:2,4,8px visible.dark:0.4 noise:25"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One corruption of one severity."""

    kind: str
    """A key of `KINDS`."""
    source: Source
    severity: float
    """In the unit of the kind; greater than 0."""

    @property
    def name(self) -> str:
        """Source and kind: "infrared.shift"."""
        return f"{self.source}.{self.kind}"

    @property
    def text(self) -> str:
        """As a user would write it: "infrared.shift:4px"."""
        return f"{self.name}:{self.severity:g}{KINDS[self.kind].unit}"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What is done to every pair, in this order; the first step's severity is what a curve runs over."""

    steps: tuple[Step, ...]
    seed: int = 0
    """Of everything drawn; the same image gets the same draw at every severity."""

    @property
    def text(self) -> str:
        """All steps: "infrared.shift:4px+visible.dark:0.4"."""
        return "+".join(step.text for step in self.steps) + self._drawn

    @property
    def axis(self) -> str:
        """The same without the first severity, with its unit: what several conditions have in common."""
        first = self.steps[0]
        unit = KINDS[first.kind].unit
        head = f"{first.name} [{unit}]" if unit else first.name
        return "+".join([head, *(step.text for step in self.steps[1:])]) + self._drawn

    @property
    def severity(self) -> float:
        """Of the first step."""
        return self.steps[0].severity

    @property
    def _drawn(self) -> str:
        return f", seed {self.seed}" if self.seed else ""


def parse_conditions(words: Sequence[str], seed: int = 0) -> tuple[Condition, ...]:
    """The conditions that words name, each once, in their order; severity 0 is the clean pair and is left out.

    Args:
        words: In the syntax above.
        seed: Of everything drawn.

    Raises:
        UnknownName: no such source or corruption.
        SettingsError: a severity that is no number or out of range, one corruption twice, or a list of severities
            behind the first step.

    >>> [one.text for one in parse_conditions(["shift:0,2,4px", "visible.dark:0.4"])]
    ['infrared.shift:2px', 'infrared.shift:4px', 'visible.dark:0.4']
    """
    found: dict[str, Condition] = {}
    for word in words:
        first, *others = [_parse_steps(part, word) for part in word.split("+")]
        if any(len(steps) != 1 for steps in others):
            raise SettingsError(f"--corrupt {word}: only the first of joined corruptions may have several severities.")
        rest = tuple(steps[0] for steps in others)
        names = [first[0].name, *(step.name for step in rest)]
        if len(set(names)) != len(names):
            raise SettingsError(f"--corrupt {word}: {names[0]} stands there twice.")
        for step in first:
            steps = tuple(one for one in (step, *rest) if one.severity > 0)
            if steps:
                condition = Condition(steps=steps, seed=seed)
                found.setdefault(condition.text, condition)
    if words and not found:
        raise SettingsError(f"--corrupt {' '.join(words)} names severity 0 alone: that is the clean pair.")
    return tuple(found.values())


def _parse_steps(part: str, word: str) -> list[Step]:
    name, colon, numbers = part.partition(":")
    source, dot, kind = name.rpartition(".")
    if kind not in KINDS:
        raise UnknownName("corruption", kind, known=KINDS, hint=f"Write KIND:SEVERITY, for example {EXAMPLE}.")
    if dot and source not in SOURCES:
        raise UnknownName("source", source, known=SOURCES, hint=f"Write SOURCE.{kind}:SEVERITY.")
    stated = KINDS[kind]
    chosen = next((one for one in SOURCES if one == source), stated.source)
    if chosen == "both" and not stated.joint:
        raise SettingsError(f"--corrupt {word}: {kind} is between the sources; name one: infrared.{kind}.")
    if not colon or not numbers:
        raise SettingsError(f"--corrupt {word}: {name} needs a severity, for example {name}:{stated.most / 10:g}.")
    return [Step(kind=kind, source=chosen, severity=_severity(text, kind, word)) for text in numbers.split(",")]


def _severity(text: str, kind: str, word: str) -> float:
    stated = KINDS[kind]
    try:
        value = float(text.strip().removesuffix(stated.unit))
    except ValueError:
        value = math.nan
    if not 0 <= value <= stated.most:
        unit = f" {stated.unit}" if stated.unit else ""
        raise SettingsError(
            f"--corrupt {word}: the severity of {kind} must be a number from 0 to {stated.most:g}{unit}, got {text!r}. "
            f"It is: {stated.title}."
        )
    return value
