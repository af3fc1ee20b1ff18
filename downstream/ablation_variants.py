"""What an ablation changes: each variant is a name, a prior, changes to the recipe, and changes to the sampler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from datasets.errors import SettingsError, UnknownName

PriorChoice = Literal["search", "random", "none"]
FORMS = ("full", "no-prior", "no-search", "no-refiner", "steps=N", "without=FUSER", "search=SSIM/VIF/QABF")


@dataclass(frozen=True, kw_only=True)
class AblationVariant:
    """One way of leaving something out."""

    name: str
    prior: PriorChoice = "search"
    pool: tuple[str, ...] = ()
    """Fusers whose results are the candidates."""
    search_weights: tuple[float, float, float] = (2.0, 1.0, 3.0)
    """Weights of SSIM, VIF and Qabf in targeted search."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Changes to the recipe, dotted."""
    num_steps: int | None = None
    """Denoising steps at inference; None: the recipe's."""

    @property
    def label(self) -> str:
        """How the fuser is called in records: `diffif`, or `diffif@no-prior`."""
        return "diffif" if self.name == "full" else f"diffif@{self.name}"

    @property
    def training_name(self) -> str:
        """The variant whose trained model serves; other steps at inference need no training of their own."""
        return "full" if self.num_steps is not None else self.name


def parse_variant(text: str, pool: Sequence[str]) -> AblationVariant:
    """The variant that a user wrote; see `FORMS`.

    Raises:
        UnknownName: not one of the forms.
        SettingsError: a value that does not fit.
    """
    full = AblationVariant(name=text, pool=tuple(pool))
    key, equals, value = text.partition("=")
    if text == "full":
        return full
    if text == "no-prior":
        return replace(full, prior="none", pool=(), recipe={"variant": "no-prior"})
    if text == "no-search":
        return replace(full, prior="random", recipe={"variant": "no-search"})
    if text == "no-refiner":
        return replace(full, recipe={"model.refiner": None})
    if equals and key == "steps":
        if not value.isdigit() or int(value) < 1:
            raise SettingsError(f"steps=N needs a whole number of at least 1, got {text!r}")
        return replace(full, num_steps=int(value))
    if equals and key == "without":
        if value not in pool:
            raise UnknownName("candidate", value, known=pool)
        return replace(full, pool=tuple(name for name in pool if name != value))
    if equals and key == "search":
        return replace(full, search_weights=_weights(text, value))
    raise UnknownName("variant", text, known=FORMS)


def _weights(text: str, value: str) -> tuple[float, float, float]:
    try:
        ssim, vif, qabf = (float(part) for part in value.split("/"))
    except ValueError:
        raise SettingsError(f"search=SSIM/VIF/QABF needs three numbers, got {text!r}. Example: search=2/1/0") from None
    return ssim, vif, qabf
