"""What a settings dataclass offers on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from suite.options import Argument, field_help, nest, options_of


@dataclass(frozen=True, kw_only=True)
class Lens:
    """The lens.

    More about it.
    """

    blur: float = 0.5
    """In pixels."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """What is shared."""

    seed: int = 0
    """Same seed,
    same numbers."""


@dataclass(frozen=True, kw_only=True)
class Camera(Base):
    """One camera."""

    root: Annotated[Path, Argument(positional=True)]
    """Folder."""
    num_shots: int
    """Images."""
    mode: Literal["day", "night"] | None = None
    size: tuple[int, int] = (8, 9)
    """Height and width."""
    fusers: tuple[str, ...] = ("average",)
    extra: dict[str, Any] = field(default_factory=dict)
    steady: bool = True
    lens: Lens = field(default_factory=Lens)
    filter: Annotated[Lens, Argument(group=True)] = field(default_factory=lambda: Lens(blur=2.0))


OPTIONS = {option.key: option for option in options_of(Camera)}


def test_the_help_of_an_option_is_the_sentence_under_its_field_inherited_ones_included() -> None:
    assert field_help(Camera) == {
        "seed": "Same seed, same numbers.",
        "root": "Folder.",
        "num_shots": "Images.",
        "size": "Height and width.",
    }
    assert OPTIONS["seed"].help == "Same seed, same numbers."
    assert OPTIONS["mode"].help == ""


def test_settings_inside_settings_have_a_dotted_key_or_a_title_of_their_own() -> None:
    assert OPTIONS["lens.blur"].flag == "--lens.blur"
    assert OPTIONS["lens.blur"].group == "The lens"
    assert OPTIONS["blur"].flag == "--blur"
    assert nest({"lens.blur": 1, "blur": 2, "seed": 3}, tuple(OPTIONS.values())) == {
        "lens": {"blur": 1},
        "filter": {"blur": 2},
        "seed": 3,
    }


def test_types_say_how_many_values_follow_a_flag_and_what_they_are() -> None:
    shown = {key: (option.flag, option.num_values, option.metavar) for key, option in OPTIONS.items()}
    assert shown["root"] == ("--root", None, "ROOT")
    assert shown["num_shots"] == ("--num-shots", None, "N")
    assert shown["mode"] == ("--mode", None, "{day,night}")
    assert shown["size"] == ("--size", 2, "N")
    assert shown["fusers"] == ("--fusers", "+", "TEXT")
    assert shown["extra"] == ("--extra", "+", "KEY=VALUE")
    assert shown["steady"][0] == "--no-steady"


def test_a_field_without_default_is_required() -> None:
    assert [key for key, option in OPTIONS.items() if option.required] == ["root", "num_shots"]
    assert OPTIONS["size"].default == [8, 9]
