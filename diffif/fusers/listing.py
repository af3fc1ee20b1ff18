"""What every fuser is and what it needs: the rows of `python -m diffif list`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args, get_type_hints

import torch

from diffif.fusers.base import Fuser, Kind
from diffif.fusers.deep.pretrained import PretrainedFuser
from diffif.fusers.published.weights import find_weights
from diffif.fusers.registry import FUSERS, build_fuser, get_fuser
from suite.errors import BenchError

_AUTHORS = re.compile(r"(?P<first>[A-Z][\w-]+)(?: et al\.|(?P<more>(?:, [A-Z][\w-]+)*) and (?P<last>[A-Z][\w-]+))?, ")
_VENUE = re.compile(r", (?:IEEE )?(?P<venue>[^,]+?)(?: [\d.]+(?:\(\d+\))?)?,? (?P<year>\d{4})$")
_ABBREVIATIONS = {
    "Information Fusion": "Inf. Fusion",
    "Infrared Physics & Technology": "Infrared Phys.",
    "Pattern Recognition": "PR",
    "Pattern Recognition Letters": "PRL",
    "Sensors Journal": "Sens. J.",
    "Trans. Communications": "TCOM",
}


def short_citation(paper: str) -> str:
    """First author, venue and year of a fuser's `paper`, for tables: "Li et al., TIP 2013"; "" for ""."""
    authors, venue = _AUTHORS.match(paper), _VENUE.search(paper)
    if authors is None or venue is None:
        return paper
    who = authors["first"]
    if authors["last"] and not authors["more"]:
        who += f" & {authors['last']}"
    elif authors[0] != f"{who}, ":
        who += " et al."
    return f"{who}, {_ABBREVIATIONS.get(venue['venue'], venue['venue'])} {venue['year']}"


@dataclass(frozen=True)
class FuserRow:
    """One fuser."""

    name: str
    """What to write after --fuser."""
    label: str
    """The name in tables."""
    kind: Kind
    paper: str
    num_parameters: int | None
    """0 for methods without a network, None where it depends on a model that is not here."""
    weights_needed: str
    """Where the authors publish the weights; empty for methods without."""
    available: bool
    """Whether it runs now, without naming a file."""
    settings: tuple[str, ...]
    """What may follow NAME@, each as `name=default (what it takes)`."""

    @property
    def year(self) -> int | None:
        """The year of the paper; None where there is none to cite."""
        found = _VENUE.search(self.paper)
        return int(found["year"]) if found else None

    @property
    def parameters(self) -> str:
        """The number of parameters as text; "-" for methods without a network."""
        if self.num_parameters is None:
            return "?"
        return f"{self.num_parameters:,}" if self.num_parameters else "-"

    @property
    def weights(self) -> str:
        """none, found, or what is missing."""
        if not self.weights_needed:
            return "none" if self.available else "missing"
        return "found" if self.available else f"missing: {self.weights_needed}"


def list_fusers() -> list[FuserRow]:
    """Every entry of the table, in its order; nothing is loaded that is not needed to count parameters."""
    return [describe(name) for name in FUSERS]


def describe(name: str) -> FuserRow:
    """The row of one table name.

    Raises:
        UnknownName: not in the table.
    """
    cls = get_fuser(name)
    parameters, available = _inspect(name, cls)
    return FuserRow(
        name=name,
        label=cls.label,
        kind=cls.kind,
        paper=cls.paper,
        num_parameters=parameters,
        weights_needed=cls.weights_needed,
        available=available,
        settings=tuple(_describe_settings(cls)),
    )


def _describe_settings(cls: type[Fuser]) -> Iterator[str]:
    hints = get_type_hints(cls.__init__)
    for name, parameter in inspect.signature(cls).parameters.items():
        if name not in ("device", "settings"):
            kinds = [kind for kind in get_args(hints[name]) or (hints[name],) if kind is not type(None)]
            choices = [
                str(choice) for kind in kinds for choice in (get_args(kind) or (getattr(kind, "__name__", kind),))
            ]
            default = "" if parameter.default in (None, inspect.Parameter.empty) else f"={parameter.default}"
            yield f"{name}{default} ({', '.join(choices)})"


def _inspect(name: str, cls: type[Fuser]) -> tuple[int | None, bool]:
    if issubclass(cls, PretrainedFuser):
        with torch.device("meta"):
            parameters = sum(p.numel() for p in cls.make_network().parameters())
        try:
            find_weights(cls.published)
        except BenchError:
            return parameters, False
        return parameters, True
    try:
        return build_fuser(name).num_parameters, True
    except BenchError:
        return None, False
