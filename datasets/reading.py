"""How the files of a pair become a registered pair: names, range of levels, channels, size. Plain data, no image.

Everything here changes pixels or ids, so it is recorded, and it enters the fingerprint of the pairs.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from suite.errors import SettingsError
from suite.options import Argument
from suite.settings import from_mapping

STORED, PERCENTILE, MIN_MAX = "stored", "percentile", "min-max"
LOW_PERCENTILE, HIGH_PERCENTILE = 1.0, 99.0
"""The levels that `percentile` maps to black and white, as thermal cameras' own gain control does."""
SAME_SIZE = "none"
Channels = Literal["separate", "drop-fourth", "rgbt"]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
CALLED = "called"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the two files of one pair are read; part of the fingerprint of the pairs."""

    infrared_range: str = STORED
    """stored, percentile, min-max, or LOW,HIGH in the file's own values."""
    visible_range: str = STORED
    """Likewise for the visible file."""
    channels: Channels = "separate"
    """What a fourth channel is; see `PairOptions`."""
    resize: str = SAME_SIZE
    """none, infrared, visible, or WIDTHxHEIGHT."""


AS_STORED = Reading()


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """What a user may say about pairs that are not simply two folders of 8-bit files with equal names and sizes."""

    visible: str = ""
    """Names of the visible files without suffix, * for what both names share: '*_rgb'. With a slash it is the path
    under the folder: '*/visible/*'."""
    infrared: str = ""
    """Names of the infrared files, likewise: '*_th'."""
    infrared_range: str = STORED
    """Infrared levels that become black and white: stored (all that the file's type can hold), percentile (1st and
    99th), min-max, or LOW,HIGH in the file's own values."""
    visible_range: str = STORED
    """Likewise for the visible files."""
    range_over: Literal["image", "set"] = "image"
    """Whether percentile and min-max are taken of each image, or once over all pairs of the split."""
    channels: Channels = "separate"
    """A fourth channel that is not constant: separate refuses it, drop-fourth leaves it out as transparency, rgbt
    takes it as the infrared image (red, green, blue, thermal in one file)."""
    called: Annotated[str, Argument(metavar="NAME")] = ""
    """What results call these pairs (default: the name of the dataset), so that several folders share a report."""
    resize: str = SAME_SIZE
    """Size of both images: none (files must agree), infrared or visible (the size of that file), or WIDTHxHEIGHT."""

    def __post_init__(self) -> None:
        if bool(self.visible) != bool(self.infrared):
            raise SettingsError("--visible and --infrared name the files of one pair: give both, or none.")
        for option, pattern in (("--visible", self.visible), ("--infrared", self.infrared)):
            if pattern and (pattern.count("*") == 0 or "," in pattern or "=" in pattern):
                raise SettingsError(
                    f"{option} {pattern!r} needs a * for what both names share (and no comma or =), for example '*_rgb'"
                )
        if self.visible and self.visible == self.infrared:
            raise SettingsError(f"--visible and --infrared are both {self.visible!r}: each file would be its own pair.")
        if self.called and NAME.fullmatch(self.called) is None:
            raise SettingsError(f"--called takes letters, digits, _ . and - alone, got {self.called!r}")
        for option, text in (("--infrared-range", self.infrared_range), ("--visible-range", self.visible_range)):
            parse_range(text, option)
        parse_resize(self.resize)

    @property
    def reading(self) -> Reading:
        """How each file is read; ranges over a set are still to be found."""
        return Reading(
            infrared_range=self.infrared_range,
            visible_range=self.visible_range,
            channels=self.channels,
            resize=self.resize,
        )

    @property
    def changes(self) -> Mapping[str, str]:
        """The options that differ from their defaults, by their names on the command line."""
        found = {field.name: str(getattr(self, field.name)) for field in dataclasses.fields(self)}
        plain = dataclasses.asdict(PLAIN)
        return {name.replace("_", "-"): value for name, value in found.items() if value != plain[name]}

    def describe(self) -> str:
        """One sentence part that goes into records; empty where everything is as usual. A name changes no pixel."""
        return ", ".join(f"{name} {value}" for name, value in self.changes.items() if name != CALLED)

    def spell(self) -> str:
        """The options as they are typed after a command."""
        return "".join(f" --{name} '{value}'" for name, value in self.changes.items())


def parse_range(text: str, option: str = "--infrared-range") -> tuple[float, float] | None:
    """(low, high) of LOW,HIGH or LOW:HIGH; None for the rules that have a name.

    Raises:
        SettingsError: neither a rule nor two rising numbers.
    """
    if text in (STORED, PERCENTILE, MIN_MAX):
        return None
    low, _, high = text.replace(":", ",").partition(",")
    try:
        values = float(low), float(high)
    except ValueError:
        values = math.nan, math.nan
    if not (math.isfinite(values[0]) and math.isfinite(values[1]) and values[0] < values[1]):
        raise SettingsError(
            f"{option} must be {STORED}, {PERCENTILE}, {MIN_MAX} or LOW,HIGH with LOW below HIGH, got {text!r}"
        )
    return values


def parse_resize(text: str) -> tuple[int, int] | None:
    """(H, W) of WIDTHxHEIGHT; None for none, infrared and visible.

    Raises:
        SettingsError: it is none of these.
    """
    if text in (SAME_SIZE, "infrared", "visible"):
        return None
    found = re.fullmatch(r"\s*([0-9]{1,5})\s*[xX]\s*([0-9]{1,5})\s*", text)
    if found is None or int(found[1]) == 0 or int(found[2]) == 0:
        raise SettingsError(f"--resize must be infrared, visible or WIDTHxHEIGHT, for example 640x512, got {text!r}")
    return int(found[2]), int(found[1])


def parse_dataset(spec: str) -> tuple[str, PairOptions]:
    """The dataset's name and what was said about its pairs: `folder@resize=infrared,infrared-range=20:45`.

    Raises:
        UnknownName: an option that does not exist.
        SettingsError: an option without a value, or an unusable value.
    """
    name, at, tail = spec.partition("@")
    if not at:
        return name, PLAIN
    values: dict[str, str] = {}
    for part in tail.split(","):
        # Either sign: a range is LOW:HIGH here, and so may everything be.
        key, equals, value = re.split("([=:])", part, maxsplit=1) if re.search("[=:]", part) else (part, "", "")
        if not equals or not value:
            raise SettingsError(f"expected {name}@option=value,option=value, got {spec!r}")
        values[key.strip()] = value.strip()
    return name, from_mapping(PairOptions, values)


def result_name(spec: str) -> str:
    """What results call a dataset: the name given by `called`, else the name of its reader."""
    name, options = parse_dataset(spec)
    return options.called or name


def dataset_spec(name: str, options: PairOptions) -> str:
    """What `parse_dataset` takes apart again; the name alone where the options are the usual ones."""
    changes = {key: value.replace(",", ":") for key, value in options.changes.items()}
    return f"{name}@{','.join(f'{key}={value}' for key, value in changes.items())}" if changes else name


PLAIN = PairOptions()
