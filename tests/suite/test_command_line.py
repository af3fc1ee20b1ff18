"""From words and configuration files to settings; errors say what was given and what is expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from suite.command import run_settings
from suite.command_line import given_options, parse_settings
from suite.errors import SettingsError, UnknownName, UsageError
from suite.options import Argument


@dataclass(frozen=True, kw_only=True)
class Detector:
    """The detector."""

    epochs: int = 100
    """Passes over 100 % of the images."""
    amp: bool = True
    """Full precision where a GPU could use half of it."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study."""

    visible: Annotated[Path, Argument(positional=True)]
    """Visible images."""
    name: Annotated[str | None, Argument(positional=True)] = None
    """Optional."""
    out: Annotated[Path, Argument(metavar="DIR", aliases=("--target",))]
    """Folder to write."""
    num_pairs: int = 0
    """Pairs."""
    learning_rate: float | None = None
    """Rate."""
    seeds: tuple[int, ...] = (0,)
    """Seeds."""
    fuser: tuple[str, ...] = ("diffif",)
    """Fusers."""
    size: tuple[int, int] = (8, 8)
    """Height and width."""
    skip_invalid: bool = False
    """Leave out."""
    mode: Literal["fast", "exact"] = "fast"
    """How."""
    set: dict[str, Any] = field(default_factory=dict)
    """Anything."""
    detector: Annotated[Detector, Argument(group=True)] = field(default_factory=Detector)
    inner: Detector = field(default_factory=Detector)


NEEDED = ("images", "--out", "o")


def parse(*words: str, **base: Any) -> Study:
    return parse_settings(Study, words, prog="study", description="About it.", base=base)


def test_defaults_stand_in_the_dataclass_alone() -> None:
    assert parse(*NEEDED) == Study(visible=Path("images"), out=Path("o"))


def test_every_form_of_option_reaches_its_field() -> None:
    words = "--num-pairs 3 --learning-rate 1e-3 --size 4 5 --skip-invalid --mode exact --epochs 7 --inner.epochs 9"
    found = parse("images", "night", "--target", "o", *words.split(), "--no-amp")
    assert found == Study(
        visible=Path("images"),
        name="night",
        out=Path("o"),
        num_pairs=3,
        learning_rate=0.001,
        size=(4, 5),
        skip_invalid=True,
        mode="exact",
        detector=Detector(epochs=7, amp=False),
        inner=Detector(epochs=9),
    )


def test_a_list_takes_several_values_and_its_flag_may_be_repeated() -> None:
    words = "--seeds 1 2 --seeds 3 --fuser max --fuser average --set a.b=1 c=2 --set c=3"
    found = parse(*NEEDED, *words.split())
    assert (found.seeds, found.fuser, found.set) == ((1, 2, 3), ("max", "average"), {"a.b": "1", "c": "3"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--num-pairs", "a"], "--num-pairs must be a number, got 'a'"),
        (["--seeds", "1", "2.5"], "--seeds must be a whole number, got '2.5'"),
        (["--mode", "fsat"], "--mode must be one of fast, exact, got 'fsat'"),
        (["--set", "a"], "expected key=value, got 'a'"),
        (["--config", "none.yaml"], "cannot read --config none.yaml"),
    ],
)
def test_a_wrong_value_names_its_option_and_what_is_expected(words: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse(*NEEDED, *words)


def test_what_is_missing_is_listed_with_its_meaning() -> None:
    with pytest.raises(SettingsError, match=r"study needs:\n  VISIBLE: Visible images.\n  --out DIR: Folder to write."):
        parse("--num-pairs", "3")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nun-pairs", "3"], "unknown option --nun-pairs. Did you mean --num-pairs?"),
        (["a", "b"], "nothing expects: a b."),
        (["--seeds"], "argument --seeds: expected at least one argument."),
        (["--num", "3"], "unknown option --num."),
    ],
)
def test_a_command_line_that_cannot_be_understood_is_one_line_and_status_two(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError) as raised:
        parse(*NEEDED, *words)
    assert said in str(raised.value)

    def run(settings: Study) -> int:
        raise AssertionError(settings)

    run.__annotations__["settings"] = Study
    assert run_settings(run, [*NEEDED, *words], prog="study", description="") == 2
    printed = capsys.readouterr().err
    assert printed.startswith("error: ")
    assert printed.endswith("All options: study --help\n")
    assert printed.count("\n") == 1


def test_print_config_gives_a_file_that_config_reads_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "--seeds 1 2 --learning-rate 0.5 --set a=b --no-amp --inner.epochs 3 --mode exact"
    words = text.split()
    with pytest.raises(SystemExit) as stopped:
        parse(*NEEDED, *words, "--print_config")
    assert stopped.value.code == 0
    file = tmp_path / "study.yaml"
    file.write_text(capsys.readouterr().out)
    assert parse("--config", str(file)) == parse(*NEEDED, *words)


def test_options_win_over_the_configuration_wherever_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("seeds: [5, 6]\nnum-pairs: 4\nset: {a: 1, b: 2}\nepochs: 3\n")
    found = parse(*NEEDED, "--seeds", "7", "--set", "b=9", f"--config={file}")
    assert (found.seeds, found.num_pairs, found.detector.epochs, found.set) == ((7,), 4, 3, {"a": 1, "b": "9"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nun_pairs: 3", r"unknown setting in .*study.yaml: 'nun_pairs'. Did you mean 'num_pairs'"),
        ("inner: {epoch: 3}", "'inner.epoch'. Did you mean 'inner.epochs'"),
        ("num_pairs: many", r"study.yaml: num_pairs must be a number, got 'many'"),
        ("set: 3", r"study.yaml: set must be a mapping of settings, got 3"),
        ("- 1", "must hold a mapping of settings, found list"),
        ("a: [", "cannot read --config"),
    ],
)
def test_a_faulty_configuration_is_refused_by_file_and_key(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(text)
    with pytest.raises((SettingsError, UnknownName), match=said):
        parse(*NEEDED, "--config", str(file))


def test_a_command_may_choose_defaults_by_what_was_given(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("epochs: 3")
    assert given_options(Study, [*NEEDED, "--config", str(file)]) == {"visible": "images", "out": "o", "epochs": 3}
    assert given_options(Study, ["--print_config"]) == {}
    assert parse(*NEEDED, num_pairs=12, epochs=2).num_pairs == 12
    assert parse(*NEEDED, "--epochs", "5", epochs=2).detector.epochs == 5


def test_help_shows_description_sentences_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--help")
    shown = capsys.readouterr().out
    assert shown.startswith("usage: study --out DIR VISIBLE [NAME] [options]\n\nAbout it.")
    for part in ("(default: 0)", "(default: diffif)", "over 100 % of", "(default: 8 8)", "The detector:", "--no-amp"):
        assert part in shown
