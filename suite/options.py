"""What a settings dataclass offers on the command line: one option per field, its help the sentence under the field.

Standard library only and no parser: `suite.command_line` makes one of what is listed here.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from suite.settings import plain


@dataclass(frozen=True, kw_only=True)
class Argument:
    """How a field is written on the command line, where its type does not say: `Annotated[Path, Argument(...)]`."""

    positional: bool = False
    """Written without a flag, in the order of the fields."""
    metavar: str = ""
    """Placeholder of the value in the help; empty: chosen by the type."""
    aliases: tuple[str, ...] = ()
    """Further flags, for example ("--weights",)."""
    group: bool = False
    """For a field that holds settings itself: its fields are options without a prefix, under a title of their own."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One field as the command line and configuration files know it."""

    key: str
    """In a configuration file: "epochs", or "sensor.glare" for settings inside settings."""
    path: tuple[str, ...]
    """Field names from the outermost settings to the field."""
    hint: Any
    """Type of the field."""
    default: Any
    """Plain data; None also where there is no default."""
    required: bool
    """Whether the field has no default."""
    help: str
    """The sentence under the field; empty where there is none."""
    group: str
    """Title of the options it stands among; empty for those of the command itself."""
    argument: Argument

    @property
    def flag(self) -> str:
        """`--num-train`; a field that is true by default is switched off by `--no-...`."""
        name = self.key.replace("_", "-")
        return f"--no-{name}" if self.is_switch and self.default is True else f"--{name}"

    @property
    def shown(self) -> str:
        """How messages name it: the placeholder of a positional argument, otherwise the flag."""
        return self.metavar if self.argument.positional else self.flag

    @property
    def is_switch(self) -> bool:
        """Whether it takes no value."""
        return self.hint is bool

    @property
    def is_list(self) -> bool:
        """Whether it takes several values; the flag may be repeated."""
        return get_origin(self.bare_hint) in (tuple, list)

    @property
    def is_mapping(self) -> bool:
        """Whether it takes KEY=VALUE, several times."""
        return get_origin(self.bare_hint) is dict

    @property
    def bare_hint(self) -> Any:
        """The type of a value that is given: without None."""
        if get_origin(self.hint) in (Union, types.UnionType):
            choices = [choice for choice in get_args(self.hint) if choice is not type(None)]
            return choices[0] if len(choices) == 1 else self.hint
        return self.hint

    @property
    def num_values(self) -> int | Literal["+"] | None:
        """How many values follow the flag: None is one, "+" one or more."""
        if self.is_mapping:
            return "+"
        if self.is_list:
            items = get_args(self.bare_hint)
            fixed = get_origin(self.bare_hint) is tuple and items[-1] is not Ellipsis
            return len(items) if fixed else "+"
        return None

    @property
    def metavar(self) -> str:
        """Placeholder of a value."""
        if self.argument.metavar:
            return self.argument.metavar
        if self.argument.positional:
            return self.key.upper()
        if self.is_mapping:
            return "KEY=VALUE"
        kind = get_args(self.bare_hint)[0] if self.is_list else self.bare_hint
        if get_origin(kind) is Literal:
            return "{" + ",".join(map(str, get_args(kind))) + "}"
        return {int: "N", float: "X", Path: "PATH"}.get(kind, "TEXT")


@cache
def options_of(settings: type) -> tuple[Option, ...]:
    """Every option of a settings dataclass, in the order of the fields; those of inner settings where they stand."""
    return tuple(_walk(settings, (), "", ""))


def nest(values: Mapping[str, Any], options: tuple[Option, ...]) -> dict[str, Any]:
    """The mapping that `suite.settings.from_mapping` takes, from values by option key."""
    paths = {option.key: option.path for option in options}
    nested: dict[str, Any] = {}
    for key, value in values.items():
        *parents, last = paths[key]
        target = nested
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value
    return nested


def _walk(settings: type, path: tuple[str, ...], prefix: str, group: str) -> Iterator[Option]:
    hints, sentences = typing.get_type_hints(settings, include_extras=True), field_help(settings)
    for field in dataclasses.fields(settings):
        hint, argument = _unwrap(hints[field.name])
        inner = (*path, field.name)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            deeper = prefix if argument.group else f"{prefix}{field.name}."
            yield from _walk(hint, inner, deeper, title_of(hint))
            continue
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        missing = default is dataclasses.MISSING
        yield Option(
            key=f"{prefix}{field.name}",
            path=inner,
            hint=hint,
            default=None if missing else plain(default),
            required=missing,
            help=sentences.get(field.name, ""),
            group=group,
            argument=argument,
        )


def _unwrap(hint: Any) -> tuple[Any, Argument]:
    if get_origin(hint) is not Annotated:
        return hint, Argument()
    bare, *marks = get_args(hint)
    return bare, next((mark for mark in marks if isinstance(mark, Argument)), Argument())


def title_of(settings: type) -> str:
    """The first line of a class's docstring, without its full stop."""
    return (inspect.getdoc(settings) or settings.__name__).splitlines()[0].rstrip(".")


def field_help(settings: type) -> dict[str, str]:
    """The sentence under each field, by name; inherited fields included."""
    found: dict[str, str] = {}
    for cls in reversed(settings.__mro__):
        if dataclasses.is_dataclass(cls):
            found |= _own_field_help(cls)
    return found


def _own_field_help(settings: type) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(settings)))
    (definition,) = tree.body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for line, after in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and isinstance(after, ast.Expr):
            text = after.value.value if isinstance(after.value, ast.Constant) else None
            if isinstance(text, str):
                found[line.target.id] = " ".join(text.split())
    return found
