"""Goal ascent: pixels moved uphill on what targeted search maximises, without any idea of what a fused image is.

A control, not a method: it shows how far the goal 2 SSIM + VIF + 3 Qabf can be driven by pixels alone, so that a score
can be read against what the metrics allow, and what a detector or a reader makes of such an image. From the better of
the sources' mean and maximum it climbs a smooth form of the goal (`diffif.model.goal_loss`). Where a source as it is
has the higher goal, that source is the result: such a goal rewards not fusing at all. Either way the value is a lower
bound of the goal's maximum for that pair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from diffif.fusers.base import Fuser
from diffif.model.goal_loss import goal_terms
from diffif.prior.goal import SearchSettings, measure, weighted_sum
from suite.errors import SettingsError

# The coarsest scale of VIF has no pixel below this.
SMALLEST_SIDE = 41
GOAL = SearchSettings()


class GoalAscent(Fuser):
    """Gradient ascent with Adam, the step falling linearly to 0.

    Args:
        steps: Steps of ascent; the goal has settled by the default.
        rate: First step in units of the range [-1, 1]: 0.02 moves a pixel by at most 2.6 grey levels.
        device: Where to compute.

    Raises:
        SettingsError: steps below 1 or a rate that is not positive.
    """

    name = "goal-ascent"
    label = "Goal ascent (control)"
    kind = "control"
    min_size = SMALLEST_SIDE
    tileable = False
    # The smooth goal sums over a batch before it divides.
    batched = False

    def __init__(self, *, steps: int = 80, rate: float = 0.02, device: str = "cpu") -> None:
        if steps < 1 or not rate > 0:
            raise SettingsError(f"goal-ascent needs steps of at least 1 and a positive rate, got {steps} and {rate:g}.")
        super().__init__(device=device, settings={"steps": steps, "rate": rate})
        self.steps, self.rate = steps, rate

    def _fuse_luma(self, y: Tensor, infrared: Tensor) -> Tensor:
        start = best_of([torch.maximum(y, infrared), (y + infrared) / 2], y, infrared)
        # Not from a source: with VIF and SSIM of 1 to itself it is a peak from which no small step leads upwards.
        return best_of([self._climb(start, y, infrared), start, y, infrared], y, infrared)

    def _climb(self, start: Tensor, y: Tensor, infrared: Tensor) -> Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            # Clones, because tensors made in inference mode cannot take part in a gradient.
            fused, visible, thermal = (2 * image.clone() - 1 for image in (start, y, infrared))
            fused.requires_grad_()
            optimizer = torch.optim.Adam([fused], lr=self.rate)
            schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1 / self.steps, total_iters=self.steps)
            for _ in range(self.steps):
                optimizer.zero_grad()
                terms = goal_terms(fused, visible, thermal)
                goal = torch.stack([weight * terms[metric] for metric, weight in GOAL.weights.items()]).sum()
                (-goal).backward()
                optimizer.step()
                schedule.step()
                with torch.no_grad():
                    fused.clamp_(-1.0, 1.0)
        return (fused.detach() + 1) / 2


def best_of(candidates: Sequence[Tensor], y: Tensor, infrared: Tensor) -> Tensor:
    """The candidate (1, 1, H, W) of the highest goal, the first of equals; an undefined goal loses."""
    scores = measure(GOAL, torch.cat(list(candidates)), y, infrared, where="goal-ascent")
    goals = [
        weighted_sum(GOAL, {name: float(values[k]) for name, values in scores.items()}) for k in range(len(candidates))
    ]
    return candidates[max(range(len(candidates)), key=lambda k: -math.inf if math.isnan(goals[k]) else goals[k])]
