"""What all networks with published weights share: finding, checking and loading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from diffif.fusers.base import Fuser
from diffif.fusers.published.weights import PublishedWeights, load_state, load_weights


class PretrainedFuser(Fuser):
    """A network whose authors published its weights.

    Args:
        weights: A file or folder; None: look under $DIFFIF_WEIGHTS.
        device: Where the network runs.
        settings: What beside the weights changes pixels.

    Raises:
        WeightsError: missing, altered, unsafe, or of another network.
    """

    kind = "deep"
    network_type: ClassVar[type[nn.Module]]
    """Built without arguments."""
    published: ClassVar[PublishedWeights]

    def __init__(
        self, *, weights: str | None = None, device: str = "cpu", settings: Mapping[str, Any] | None = None
    ) -> None:
        loaded = load_weights(self.published, weights)
        super().__init__(device=device, settings={**(settings or {}), "weights": loaded.sha256})
        self.network = self.make_network()
        self.load(self.network, loaded.tensors)
        self.network.eval().requires_grad_(False).to(self.device)

    @classmethod
    def make_network(cls) -> nn.Module:
        """The network without its weights."""
        return cls.network_type()

    @classmethod
    def rename(cls, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """From the published names and layouts to this network's."""
        return dict(tensors)

    @classmethod
    def load(cls, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
        """Load tensors that have the published names, or already those of this network.

        Raises:
            WeightsError: they do not fit.
        """
        own = set(tensors) == set(network.state_dict())
        load_state(network, tensors if own else cls.rename(tensors), cls.name)

    def modules(self) -> Sequence[nn.Module]:
        """The one network."""
        return (self.network,)


def use_image_statistics(network: nn.Module) -> None:
    """Let batch norm take its statistics from the image at hand, as where a published command stays in training mode.

    Such a fuser works on one whole image at a time: set `batched` and `tileable` to False.
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = None


def from_tensorflow(tensors: Mapping[str, Tensor], scopes: Mapping[str, str]) -> dict[str, Tensor]:
    """State dict of TensorFlow variables: `<scope>/<layer>/kernel` in HWIO becomes `<prefix><layer>.weight` in OIHW.

    Args:
        tensors: Variables by name.
        scopes: Variable scope to the module prefix that takes its place.
    """
    state: dict[str, Tensor] = {}
    for name, value in tensors.items():
        *_, layer, variable = name.split("/") if "/" in name else ("", name)
        scope = name.removesuffix(f"/{layer}/{variable}")
        if scope in scopes:
            leaf = {"kernel": "weight"}.get(variable, variable)
            state[f"{scopes[scope]}{layer}.{leaf}"] = value.permute(3, 2, 0, 1) if value.ndim == 4 else value
    return {name: value.contiguous().to(torch.float32) for name, value in state.items()}
