"""From a command line, and configuration files, to a settings dataclass: one jsonargparse parser per dataclass.

Types, defaults and help are the dataclass's own (`suite.options`). Values are converted by `suite.settings`, like those
of every other file of settings, so a wrong one gets the same message wherever it stands.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from jsonargparse import ActionConfigFile, ArgumentParser, Namespace  # type: ignore[attr-defined]  # not in its __all__

from suite.errors import BenchError, SettingsError, UnknownName, UsageError
from suite.options import Option, nest, options_of
from suite.settings import convert_value, from_mapping, parse_assignments, plain

T = TypeVar("T")


def parse_settings(
    settings: type[T], argv: Sequence[str], *, prog: str, description: str, base: Mapping[str, Any] | None = None
) -> T:
    """The settings that a command line asks for. `--help` and `--print_config` answer and end the program.

    Args:
        settings: A frozen dataclass.
        argv: The words after the command's name.
        prog: How the command is called.
        description: Shown above the options, as it was written.
        base: Defaults by option key, where they differ from the dataclass's.

    Raises:
        SettingsError: a value that does not fit, a missing argument, a faulty configuration file.
        UsageError: an option that there is not, or one without its value.
        UnknownName: a key of a configuration file that there is not.
    """
    parser = build_parser(settings, prog=prog, description=description)
    parser.set_defaults(dict(base or {}))
    found = parser.parse_args(config_first(argv))
    return parser.build(settings, found)


def given_options(settings: type, argv: Sequence[str]) -> dict[str, Any]:
    """Only what the command line and its configuration files say, by option key; for defaults that depend on it."""
    parser = build_parser(settings, prog="", description="")
    words = [word for word in config_first(argv) if not word.startswith("--print_config")]
    found = parser.parse_args(words, defaults=False, _skip_validation=True)
    return {option.key: found[option.key] for option in parser.options if found.get(option.key) is not None}


def build_parser(settings: type, *, prog: str, description: str) -> SettingsParser:
    """The parser of one command."""
    options = options_of(settings)
    parser = SettingsParser(
        prog=prog,
        usage=_usage(prog, options),
        description=description.strip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser.options = options
    groups: dict[str, Any] = {"": parser.add_argument_group("settings")}
    for option in options:
        if option.group not in groups:
            groups[option.group] = parser.add_argument_group(option.group)
        _add_option(groups[option.group], option)
    parser.add_argument("-h", "--help", action="help", help="show this help and exit")
    # jsonargparse adds --print_config beside it.
    parser.add_argument("--config", action=_ConfigFile, metavar="FILE", help="settings from a YAML file; options win")
    parser.set_help("--print_config", "print all settings as YAML, for --config, and exit")
    parser.add_argument("--debug", action=_Debug, help="show tracebacks of expected errors")
    return parser


def config_first(argv: Sequence[str]) -> list[str]:
    """The same words with `--config FILE` in front, so that what else is given wins wherever it stands.

    >>> config_first(["in", "--epochs", "3", "--config", "run.yaml"])
    ['--config', 'run.yaml', 'in', '--epochs', '3']
    """
    first: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--config":
            first += [word, *([file] if (file := next(words, None)) is not None else [])]
        elif word.startswith("--config="):
            first.append(word)
        else:
            rest.append(word)
    return first + rest


class SettingsParser(ArgumentParser):
    """A parser whose errors are the suite's: they name what was given, what is expected and the nearest known name."""

    options: tuple[Option, ...] = ()

    def set_help(self, flag: str, text: str) -> None:
        """Change the help of an option that jsonargparse adds by itself."""
        self._option_string_actions[flag].help = text

    def dump(self, namespace: Namespace, **keywords: Any) -> Any:
        """Plain settings as text; also those that lack a required argument, so that --print_config needs none."""
        return super().dump(namespace, **{**keywords, "skip_validation": True})

    def build(self, settings: type[T], found: Namespace) -> T:
        """The settings, from what was parsed."""
        return from_mapping(settings, nest({o.key: found[o.key] for o in self.options if o.key in found}, self.options))

    def validate(self, namespace: Namespace, **_: Any) -> None:
        """Refuse what is missing; values were checked one by one when they were read.

        Raises:
            SettingsError: a required argument is missing.
        """
        missing = [o for o in self.options if o.required and namespace.get(o.key) is None]
        if missing:
            lines = [f"  {o.shown}{'' if o.argument.positional else ' ' + o.metavar}: {o.help}" for o in missing]
            raise SettingsError("\n".join((f"{self.prog} needs:", *lines, f"All options: {self.prog} --help")))

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """What argparse could not understand, as an error of the suite.

        Raises:
            UsageError: always.
        """
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            word = unknown.split()[0]
            nearest = difflib.get_close_matches(word, self._option_string_actions, n=1, cutoff=0.6)
            suggestion = f" Did you mean {nearest[0]}?" if nearest else ""
            message = f"unknown option {word}.{suggestion}" if word.startswith("-") else f"nothing expects: {unknown}."
        else:
            message = f"{message}."
        raise UsageError(f"{message} All options: {self.prog} --help") from ex


def _add_option(group: Any, option: Option) -> None:
    names = [option.key] if option.argument.positional else [option.flag, *option.argument.aliases]
    keywords: dict[str, Any] = {
        "action": _Given,
        "option": option,
        "help": _help_text(option),
        "nargs": option.num_values,
    }
    if not option.argument.positional:
        keywords |= {"dest": option.key, "required": option.required, "default": option.default}
    elif not option.required:
        keywords |= {"nargs": "?", "default": option.default}
    keywords |= {"nargs": 0} if option.is_switch else {"metavar": option.metavar}
    group.add_argument(*names, **keywords)


def _usage(prog: str, options: Sequence[Option]) -> str:
    """What must be given; the rest of the options is listed below it."""
    words = [
        f"{option.flag} {option.metavar}" for option in options if option.required and not option.argument.positional
    ]
    for option in options:
        if option.argument.positional:
            words.append(option.metavar if option.required else f"[{option.metavar}]")
    return " ".join((prog, *words, "[options]"))


def _help_text(option: Option) -> str:
    value = option.default
    shown = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    silent = value is None or isinstance(value, bool) or value in ("", [], {})
    text = option.help if silent else f"{option.help} (default: {shown})"
    return text.replace("%", "%%")


class _Given(argparse.Action):
    """Puts what was given for an option, converted to plain data, into the namespace."""

    def __init__(self, *, option: Option, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.option = option
        self.repeated = False

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: str | None = None
    ) -> None:
        option = self.option
        if option.argument.positional and values == self.default:  # an optional one that was left out
            return
        if option.is_switch:
            namespace[self.dest] = option.default is not True
            return
        before = namespace.get(self.dest)
        if option.is_mapping:
            values = {**(before or {}), **parse_assignments(values)}
        value = to_plain(option, values, option.shown)
        # A flag that is repeated adds to its list; the first one replaces the default.
        if option.num_values == "+" and option.is_list and self.repeated:
            value = [*before, *value]
        self.repeated = True
        namespace[self.dest] = value


class _ConfigFile(ActionConfigFile):
    """Reads a YAML file of settings, and names the file in every error."""

    def __call__(self, parser: Any, cfg: Any, values: Any, option_string: str | None = None) -> None:
        for key, value in read_config(Path(values), parser.options).items():
            cfg[key] = value


class _Debug(argparse.Action):
    """A switch for the command (see `suite.command`), not a setting."""

    def __init__(self, option_strings: Sequence[str], dest: str, **keywords: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, help=keywords["help"])

    def __call__(self, *_: Any) -> None:
        return


def read_config(path: Path, options: Sequence[Option]) -> dict[str, Any]:
    """Plain data by option key, from a YAML file.

    Raises:
        SettingsError: no file, no YAML, no mapping, or a value that does not fit its option.
        UnknownName: a key that is no option.
    """
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"cannot read --config {path}: {error}. --print_config shows what it may hold.") from error
    if not isinstance(content, Mapping):
        raise SettingsError(f"--config {path} must hold a mapping of settings, found {type(content).__name__}.")
    known = {option.key: option for option in options}
    values: dict[str, Any] = {}
    for key, value in _flat(content, known).items():
        if key not in known:
            raise UnknownName(f"setting in {path}:", key, known=known)
        if value is None and known[key].required:
            continue
        try:
            values[key] = to_plain(known[key], value, key)
        except BenchError as error:
            raise SettingsError(f"--config {path}: {error}") from error
    return values


def to_plain(option: Option, value: Any, shown: str) -> Any:
    """`value` as plain data of the option's type.

    Raises:
        SettingsError: it does not fit.
    """
    return plain(convert_value(option.hint, value, shown))


def _flat(content: Mapping[Any, Any], known: Mapping[str, Option], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in content.items():
        key = f"{prefix}{name}".replace("-", "_")
        inner = any(other.startswith(f"{key}.") for other in known)
        flat |= _flat(value, known, f"{key}.") if inner and isinstance(value, Mapping) else {key: value}
    return flat
