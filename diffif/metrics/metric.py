"""What a metric is: one frozen object that states its name, direction, range, source and rules, and measures.

Every file of `measures/` defines one, under the name `METRIC`. Tables, the report, the documentation and
`FusionMetric` read its facts here, so that no second list is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from suite.errors import SettingsError

if TYPE_CHECKING:
    from torch import Tensor

    from diffif.metrics.conventions import Convention
    from diffif.metrics.derived.planes import Triple


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The choices within one metric's definition on which published toolkits differ.

    A metric with choices declares a subclass, whose defaults are those of the `standard` convention; a metric without
    uses this class itself.
    """

    @property
    def smallest_side(self) -> int:
        """Fewest rows and columns that these choices need, beyond what the metric itself does."""
        return 1

    @property
    def unit(self) -> str | None:
        """The unit under these choices; None where it is the metric's own."""
        return None

    @property
    def value_range(self) -> tuple[float, float] | None:
        """Smallest and largest value under these choices; None where they are the metric's own."""
        return None

    @property
    def symmetric(self) -> bool:
        """Whether the value stays the same when the two sources change places."""
        return True

    def view(self, channels: Sequence[Triple]) -> Sequence[Triple]:
        """What is measured of an image's channels: the mean is taken over the values of these."""
        return channels


T = TypeVar("T")
NO_CHOICE = Rules()


def one_definition(*conventions: str) -> dict[str, Rules]:
    """The rules of a metric that these conventions define alike."""
    return dict.fromkeys(conventions, NO_CHOICE)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One fusion metric."""

    name: str
    """Its key in `METRICS` and in results."""
    label: str
    """As the field prints it."""
    summary: str = ""
    """What it measures, in a few words, for tooltips and captions."""
    higher_is_better: bool | None
    """None where neither end is better, but `ideal`."""
    ideal: float | None = None
    """The best value where it lies within the range; None where higher or lower is better."""
    value_range: tuple[float, float] = (-math.inf, math.inf)
    """Smallest and largest value possible under any convention; infinite where unbounded."""
    unit: str = ""
    """Under `standard`; `unit_under` knows the others."""
    undefined: str = "never"
    """When the value is nan, beyond an image that is too small."""
    citation: str = ""
    smallest_side: int = 1
    """Fewest rows and columns that the definition needs."""
    sees: Literal["grey", "colour"] = "grey"
    """Grey planes, (B, H, W), one triple after another where a convention separates channels; or one triple of colour
    planes, (B, C, H, W), C 1 where an image has no colour and 3 where it has."""
    rules: Mapping[str, Rules] | None = field(default=None, hash=False)
    """Convention -> choices. A convention that is absent, and whose `based_on` is absent too, does not define the
    metric. None: one definition, whatever the convention."""
    measure: Callable[[Triple, Any], Tensor]
    """(triple, rules) -> (B,), nan where undefined."""

    @property
    def better(self) -> str:
        """Which values are better, in words."""
        if self.higher_is_better is None:
            return "any" if self.ideal is None else f"towards {self.ideal:g}"
        return "higher" if self.higher_is_better else "lower"

    def ranked(self, values: T) -> T:
        """What a ranking orders, numbers, arrays or tensors: the values, or minus their distance from `ideal`."""
        return values if self.ideal is None else -abs(values - self.ideal)  # type: ignore[operator,return-value]

    def is_defined_by(self, convention: Convention) -> bool:
        """Whether the convention says how this metric is computed."""
        return self._find(convention) is not None

    def rules_under(self, convention: Convention) -> Rules:
        """The choices of a convention.

        Raises:
            SettingsError: the convention does not define this metric.
        """
        found = self._find(convention)
        if found is None:
            raise SettingsError(
                f"the convention {convention.name!r} does not define {self.name!r}. Conventions that do: "
                f"{', '.join(self.rules or ())}. Leave the metric out, or choose another convention."
            )
        return found

    def smallest_side_under(self, convention: Convention) -> int:
        """Fewest rows and columns that an image must have under a convention that defines this metric."""
        return max(self.smallest_side, self.rules_under(convention).smallest_side)

    def range_under(self, convention: Convention) -> tuple[float, float]:
        """Smallest and largest value possible under a convention that defines this metric."""
        return self.rules_under(convention).value_range or self.value_range

    def unit_under(self, convention: Convention) -> str:
        """The unit of the values under a convention that defines this metric; empty where they have none."""
        unit = self.rules_under(convention).unit
        return self.unit if unit is None else unit

    def _find(self, convention: Convention) -> Rules | None:
        if self.rules is None:
            return NO_CHOICE
        return self.rules.get(convention.name) or self.rules.get(convention.based_on)
