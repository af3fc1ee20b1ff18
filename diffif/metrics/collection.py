"""Any metric as a `torchmetrics.Metric`, for a training loop or a `MetricCollection`."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric as TorchMetric
from torchmetrics.utilities import dim_zero_cat

from diffif.metrics.conventions import get_convention
from diffif.metrics.evaluation import evaluate
from diffif.metrics.metric import Metric
from diffif.metrics.registry import get_metric


class FusionMetric(TorchMetric):
    """One fusion metric over a data set: keeps one value per image, computes their mean.

    Args:
        metric: As `evaluate` takes it: a name, `package.module:METRIC`, or a `Metric`.
        convention: Which published definition to follow.

    Raises:
        UnknownName: no such metric or convention.
        SettingsError: the convention does not define this metric.
    """

    is_differentiable = False
    full_state_update = False

    def __init__(self, metric: str | Metric, *, convention: str = "standard") -> None:
        super().__init__()
        self.metric = get_metric(metric)
        self.metric.rules_under(get_convention(convention))
        self.convention = convention
        # A MetricCollection merges metrics whose states are equal; states of different names never are.
        self._state = f"{self.metric.name}_{convention}".replace("-", "_")
        self.add_state(self._state, default=[], dist_reduce_fx="cat")

    @property
    def higher_is_better(self) -> bool | None:  # type: ignore[override]
        """The metric's own direction."""
        return self.metric.higher_is_better

    def update(self, fused: Tensor, visible: Tensor, infrared: Tensor) -> None:
        """Score a batch; see `diffif.metrics.evaluate` for shapes and errors."""
        scores = evaluate(fused, visible, infrared, metrics=(self.metric,), convention=self.convention)
        getattr(self, self._state).append(scores[self.metric.name])

    @property
    def per_image(self) -> Tensor:
        """(N,), float64: the value of each image so far, in the order of the updates."""
        scores = getattr(self, self._state)
        if isinstance(scores, list) and not scores:
            return torch.empty(0, dtype=torch.float64, device=self.device)
        return dim_zero_cat(scores)

    @property
    def num_undefined(self) -> int:
        """Images whose value is nan; they are left out of the mean."""
        return int(self.per_image.isnan().sum())

    def compute(self) -> Tensor:
        """Mean over the images whose value is defined; nan if there is none."""
        return self.per_image.nanmean()
