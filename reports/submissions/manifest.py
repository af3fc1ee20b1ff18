"""submission.yaml: what a submitter says about a method, in plain fields.

Read strictly: no tags, no anchors, no key twice, no unknown key, nothing but text, whole numbers and a list of
commands.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields
from pathlib import Path

import yaml

from reports.submissions.fields import check_name, check_text
from reports.submissions.files import MANIFEST
from reports.submissions.plain_yaml import read_plain_yaml
from reports.submissions.refusal import refusal
from suite.errors import SettingsError, UnknownName
from suite.files import write_text
from suite.settings import from_mapping, to_mapping

FORMAT = 1
YEARS = (1970, 2100)
MOST_COMMANDS = 100
REQUIRED = ("method", "fuser", "paper", "code", "weights", "hardware", "licence")
ASKED = {
    "paper": "Authors, title, venue; or 'none'.",
    "code": "An https address, 'this suite', or 'not public'.",
    "weights": "An https address with a SHA-256, 'none', or 'not public'.",
    "hardware": "Processor or GPU on which times were measured.",
    "licence": "Of code and weights, for example 'MIT'; or 'not stated'.",
}
"""What a missing field should say."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The fields of submission.yaml."""

    format: int = FORMAT
    """Version of these fields."""
    method: str
    """Name on the page; one submission per name."""
    fuser: str
    """Name in the rows of the records."""
    paper: str
    """Authors, title, venue; "none" for a control."""
    year: int | None = None
    """Of the paper, or of the code where there is no paper; none for a control."""
    code: str
    """Where the code is: an https address, or words."""
    weights: str
    """Where the weights are, with their hash; "none" where there are none."""
    hardware: str
    """What times were measured on."""
    licence: str
    """Of code and weights."""
    commands: tuple[str, ...] = ()
    """The commands that give the records again. Shown, never run."""
    remarks: str = ""
    """What a reader must know; empty where there is nothing."""


def read_manifest(folder: Path) -> Manifest:
    """The checked fields of a submission.

    Raises:
        ResultError: not the YAML described above, a field that is missing, of a wrong type, or not plain text.
    """
    content = read_plain_yaml(folder, MANIFEST)
    version = content.get("format")
    if version != FORMAT:
        raise refusal(
            MANIFEST,
            "format",
            expected=FORMAT,
            found=version,
            remedy="Make it with this version: python -m reports submit.",
        )
    try:
        manifest = from_mapping(Manifest, content)
    except (SettingsError, UnknownName) as error:
        raise refusal(
            MANIFEST, "fields", expected=", ".join(f.name for f in fields(Manifest)), found=str(error),
            remedy="python -m reports submit writes all fields.",
        ) from error  # fmt: skip
    check_manifest(manifest)
    return manifest


def check_manifest(manifest: Manifest) -> None:
    """Refuse fields that are empty or hold more than plain text.

    Raises:
        ResultError: names the first such field.
    """
    for name in REQUIRED:
        text = getattr(manifest, name)
        if not text.strip():
            raise refusal(MANIFEST, name, expected="text", found="nothing", remedy=ASKED.get(name, "Fill it in."))
        check_text(MANIFEST, name, text)
    check_name(MANIFEST, "method", manifest.method)
    check_text(MANIFEST, "remarks", manifest.remarks)
    if manifest.year is not None and not YEARS[0] <= manifest.year <= YEARS[1]:
        raise refusal(
            MANIFEST, "year", expected=f"{YEARS[0]} to {YEARS[1]}, or null", found=manifest.year, remedy="Correct it."
        )
    if len(manifest.commands) > MOST_COMMANDS:
        raise refusal(
            MANIFEST, "commands", expected=f"at most {MOST_COMMANDS}", found=len(manifest.commands), remedy="Join some."
        )
    for place, command in enumerate(manifest.commands):
        check_text(MANIFEST, f"commands[{place}]", command)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write submission.yaml in the order of the fields."""
    text = yaml.safe_dump(to_mapping(manifest), sort_keys=False, allow_unicode=True, width=110)
    write_text(folder / MANIFEST, text)


def without_folders(command: str) -> str:
    """A command with the absolute paths of this machine cut to their last part.

    >>> without_folders("python -m downstream.quality --fuser folder:/home/me/out --workdir /tmp/w")
    'python -m downstream.quality --fuser folder:out --workdir w'
    """
    return shlex.join([_last_part(word) for word in shlex.split(command)])


def _last_part(word: str) -> str:
    prefix, colon, rest = word.rpartition(":")
    head, equals, value = rest.rpartition("=")
    return f"{prefix}{colon}{head}{equals}{Path(value).name}" if value.startswith(("/", "~")) else word
