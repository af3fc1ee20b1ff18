"""Laboratory scenes shown in equal parts as visible, infrared and average image: what shipped start weights learn from.

A start that has seen the two sources and their mean equally often, and no fused image of a method, favours none. Where
a kind of image does not show an object, its label must not count: nothing should learn to guess what cannot be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from datasets.synthetic.render import RenderedPair

KINDS = ("visible", "infrared", "average")
SHOWS = {"visible": ("both", "visible"), "infrared": ("both", "infrared"), "average": ("both", "visible", "infrared")}
"""Evidence of the objects that can be seen in each kind of image."""
FIRST_SEED = 1_000_001
"""Of the training scenes; the validation scenes have the next one. Studies count their laboratory seeds from 0."""


@dataclass(frozen=True, kw_only=True)
class ShownScene:
    """One scene as one kind of image."""

    name: str
    """Number and kind."""
    kind: str
    image: Tensor
    """(1, 3, H, W) in [0, 1]."""
    pair: RenderedPair


def show_scenes(size: tuple[int, int], count: int, seed: int) -> Iterator[ShownScene]:
    """Scenes of a laboratory seed, each as one kind of image in turn.

    Args:
        size: (H, W) in pixels.
        count: How many.
        seed: Of the laboratory.
    """
    from datasets.images import to_tensor
    from datasets.synthetic.render import render
    from datasets.synthetic.settings import SyntheticSettings
    from diffif.fusers.registry import build_fuser

    laboratory = SyntheticSettings(height=size[0], width=size[1], num_train=count, seed=seed)
    fusers = {kind: build_fuser(kind) for kind in KINDS}
    for index in range(count):
        kind = KINDS[index % len(KINDS)]
        pair = render(laboratory, "train", index)
        image = fusers[kind].fuse(to_tensor(pair.visible, "rgb"), to_tensor(pair.infrared, "grey"))
        yield ShownScene(name=f"{index:05d}-{kind}", kind=kind, image=image, pair=pair)
