"""What every metric class is: a torchmetrics Metric that keeps one value per image and states its own facts."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from diffif.metrics.conventions import get_convention
from diffif.metrics.evaluation import evaluate_one
from diffif.metrics.planes import Triple
from diffif.metrics.rules import Rules


class FusionMetric(Metric):
    """One fusion metric over a data set; a subclass states facts and names the function that measures.

    Args:
        convention: Which published definition to follow.

    Raises:
        UnknownName: no such convention.
        SettingsError: the convention does not define this metric.
    """

    name: ClassVar[str]
    """Its key in `METRICS`."""
    label: ClassVar[str]
    """As the field prints it."""
    higher_is_better: ClassVar[bool]
    value_range: ClassVar[tuple[float, float]]
    """Smallest and largest value possible; infinite where unbounded."""
    unit: ClassVar[str] = ""
    undefined: ClassVar[str]
    """When the value is nan."""
    citation: ClassVar[str]
    smallest_side: ClassVar[int]
    """Fewest rows and columns that the definition needs."""
    measure: ClassVar[staticmethod[[Triple, Any], Tensor]]
    """(triple, rules) -> (B,)."""

    is_differentiable = False
    full_state_update = False
    scores: list[Tensor]

    def __init__(self, convention: str = "standard") -> None:
        super().__init__()
        self.convention = convention
        self.rules: Rules = get_convention(convention).rules(self.name)
        self.add_state("scores", default=[], dist_reduce_fx="cat")

    def update(self, fused: Tensor, visible: Tensor, infrared: Tensor) -> None:
        """Score a batch; see `diffif.metrics.evaluate` for shapes and errors."""
        self.scores.append(evaluate_one(self.name, fused, visible, infrared, convention=self.convention))

    @property
    def per_image(self) -> Tensor:
        """(N,), float64: the value of each image so far, in the order of the updates."""
        if isinstance(self.scores, list) and not self.scores:
            return torch.empty(0, dtype=torch.float64, device=self.device)
        return dim_zero_cat(self.scores)

    @property
    def num_undefined(self) -> int:
        """Images whose value is nan; they are left out of the mean."""
        return int(self.per_image.isnan().sum())

    def compute(self) -> Tensor:
        """Mean over the images whose value is defined; nan if there is none."""
        return self.per_image.nanmean()
