"""Every command of the suite: help at once and in full, defaults of its dataclass, configuration files that return."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from suite.command import settings_class
from suite.command_line import given_options, parse_settings
from suite.options import Option, options_of
from suite.settings import to_mapping

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("datasets", "diffif", "downstream", "reports")
HEAVY = ("torch", "cv2", "pandas", "ultralytics", "matplotlib")
OF_THEIR_OWN = {
    "downstream.quality": "downstream.quality.__main__:QualityCommand",
    "downstream.detect": "downstream.detect.__main__:DetectCommand",
    "downstream.segment": "downstream.segment.__main__:SegmentCommand",
    "downstream.video": "downstream.video.__main__:VideoCommand",
    "downstream.cost": "downstream.cost.__main__:CostCommand",
    "downstream.compare": "downstream.compare.__main__:CompareCommand",
    "downstream.ablate": "downstream.ablate.settings:AblationSettings",
}
"""Commands whose settings are not those of a function `run` in their module."""


def find_commands() -> dict[str, type]:
    """Words after `python -m` to the command's settings."""
    found: dict[str, type] = {}
    for package in PACKAGES:
        for file in sorted((REPOSITORY / package).rglob("__main__.py")):
            name = ".".join(file.relative_to(REPOSITORY).parent.parts)
            if name in OF_THEIR_OWN:
                place, _, attribute = OF_THEIR_OWN[name].partition(":")
                found[name] = getattr(import_module(place), attribute)
                continue
            module = import_module(f"{name}.__main__")
            family = getattr(module, "COMMANDS", None)
            modules = {f"{name} {word}": place for word, place in family.items()} if family else {}
            # A family may have a command without a name of its own.
            modules |= {name: module.__name__} if hasattr(module, "run") else {}
            found |= {words: settings_class(import_module(place).run) for words, place in modules.items()}
    return found


COMMANDS = find_commands()
each_command = pytest.mark.parametrize("words", COMMANDS)


def example(option: Option) -> list[str]:
    """Words that satisfy a required option."""
    choices = option.metavar.strip("{}").split(",") if option.metavar.startswith("{") else ["7"]
    return [choices[0]] if option.argument.positional else [option.flag, choices[0]]


def needed(words: str) -> list[str]:
    return [word for option in options_of(COMMANDS[words]) if option.required for word in example(option)]


def test_the_commands_are_found() -> None:
    some = {"datasets check", "diffif fuse", "diffif.metrics", "reports", "reports verify"}
    assert {*some, *OF_THEIR_OWN} <= set(COMMANDS)


@each_command
def test_every_option_has_a_sentence(words: str) -> None:
    silent = [option.flag for option in options_of(COMMANDS[words]) if not option.help.endswith(".")]
    assert silent == []


@each_command
def test_help_shows_every_option_and_says_what_the_command_does(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, *rest = words.split()
    with pytest.raises(SystemExit) as stopped:
        import_module(f"{name}.__main__").main([*rest, "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert len(shown.split("\n\n")[1]) > 20
    for option in options_of(COMMANDS[words]):
        assert option.shown in shown


@pytest.mark.parametrize("words", ["datasets", "diffif", *COMMANDS])
def test_help_needs_no_heavy_library(words: str) -> None:
    name, *rest = words.split()
    code = (
        f"import sys; sys.argv = ['x', *{rest!r}, '--help']\n"
        "try:\n"
        f"    from {name}.__main__ import main; main()\n"
        "except SystemExit:\n    pass\n"
        f"print('loaded:', [module for module in {HEAVY!r} if module in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.endswith("loaded: []\n")
    assert "usage: python -m " + words in done.stdout


@each_command
def test_defaults_are_those_of_the_dataclass(words: str) -> None:
    settings = COMMANDS[words]
    given = given_options(settings, needed(words))
    parsed = parse_settings(settings, needed(words), prog=words, description="")
    assert parsed == settings(**{name: getattr(parsed, name) for name in given})


@each_command
def test_print_config_returns_through_config(words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = COMMANDS[words]
    with pytest.raises(SystemExit) as stopped:
        parse_settings(settings, [*needed(words), "--print_config"], prog=words, description="")
    assert stopped.value.code == 0
    file = tmp_path / "settings.yaml"
    file.write_text(capsys.readouterr().out)
    returned = parse_settings(settings, ["--config", str(file)], prog=words, description="")
    assert to_mapping(returned) == to_mapping(parse_settings(settings, needed(words), prog=words, description=""))


def test_reports_alone_takes_a_working_folder_and_knows_a_misspelled_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = import_module("reports.__main__").main
    assert main([str(tmp_path / "runs")]) == 1
    assert "no working folder at" in capsys.readouterr().err
    assert main(["leaderbord"]) == 2
    assert "unknown command 'leaderbord'. Did you mean 'leaderboard'?" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["datasets", "diffif"])
def test_a_misspelled_command_gets_a_suggestion(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module(f"{words}.__main__").main(["lisst"]) == 2
    assert "unknown command 'lisst'. Did you mean 'list'?" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["datasets", "diffif"])
def test_a_family_without_a_command_lists_them_and_fails(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module(f"{words}.__main__").main([]) == 2
    assert "list" in capsys.readouterr().err


def test_a_reader_that_leaves_early_ends_the_command_without_a_word() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "datasets", "list"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_ctrl_c_while_a_command_is_still_importing_is_status_130() -> None:
    code = (
        "import os, signal, sys\n"
        # A shell starts background jobs with SIGINT ignored, and that is inherited.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'datasets.commands.list':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from datasets.__main__ import main\n"
        "sys.exit(main(['list']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (130, "interrupted: finished work is kept; the same command resumes.\n")
