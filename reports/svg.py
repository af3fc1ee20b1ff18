"""Matplotlib figures as inline SVG that follows the page's light or dark theme.

Figures are drawn in placeholder colours, which become CSS variables in the SVG: one drawing serves both themes and
print. Text stays text, so it can be selected, searched and read aloud.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.labels import BASELINES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, RULE, PAPER = "#010203", "#020304", "#030405", "#040506"
VARIABLES = {INK: "--ink", MUTED: "--muted", RULE: "--rule", PAPER: "--paper"}
NUM_METHOD_COLOURS = 10
CSS_DPI = 96
_SOURCE_COLOURS = {"visible": "#0a0a01", "infrared": "#0a0a02"}
_METHOD_COLOURS = tuple(f"#0b0b{i:02x}" for i in range(NUM_METHOD_COLOURS))
_EVIDENCE_COLOURS = {"both": "#0c0c01", "infrared": "#0c0c02", "visible": "#0c0c03"}
VARIABLES |= {colour: f"--source-{name}" for name, colour in _SOURCE_COLOURS.items()}
VARIABLES |= {colour: f"--method-{i}" for i, colour in enumerate(_METHOD_COLOURS)}
VARIABLES |= {colour: f"--evidence-{name}" for name, colour in _EVIDENCE_COLOURS.items()}
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "p", "h", "*")
_STYLE: Any = {
    "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9.0,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "text.color": INK, "axes.labelcolor": MUTED, "axes.titlecolor": INK, "axes.edgecolor": RULE,
    "xtick.color": RULE, "ytick.color": RULE, "xtick.labelcolor": MUTED, "ytick.labelcolor": INK,
    "grid.color": RULE, "grid.linewidth": 0.6, "axes.linewidth": 0.8, "axes.titlesize": 9.5, "axes.labelsize": 9.0,
    "axes.titlelocation": "left", "axes.titleweight": "bold", "axes.spines.top": False, "axes.spines.right": False,
    "xtick.major.size": 0.0, "ytick.major.size": 0.0, "legend.frameon": False, "axes.axisbelow": True,
    "figure.constrained_layout.use": True, "lines.linewidth": 1.6, "text.parse_math": False,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One figure, ready for the page."""

    slug: str
    title: str
    caption: str
    alt: str
    """What it shows, in words, for who cannot see it."""
    svg: str
    """Markup that is safe to inline: written by matplotlib, text escaped by it."""
    width: int
    """Natural width in CSS pixels; the page never draws it larger."""


def method_colours(methods: list[str]) -> dict[str, str]:
    """A placeholder colour for each method, the same in every figure; the sources are greys."""
    fused = [m for m in methods if m not in BASELINES]
    colours = {m: _METHOD_COLOURS[i % NUM_METHOD_COLOURS] for i, m in enumerate(fused)}
    return {m: _SOURCE_COLOURS.get(m, colours.get(m, INK)) for m in methods}


def method_markers(methods: list[str]) -> dict[str, str]:
    """A marker for each method, so that colour is never the only difference."""
    return {m: MARKERS[i % len(MARKERS)] for i, m in enumerate(methods)}


def evidence_colour(name: str) -> str:
    """The placeholder colour of an evidence class."""
    return _EVIDENCE_COLOURS[name]


@contextmanager
def plot_style() -> Iterator[None]:
    """The report's matplotlib style, without a display and without a trace afterwards."""
    import matplotlib as mpl

    mpl.use("Agg", force=False)
    with mpl.rc_context(_STYLE):
        yield


def to_drawing(draw: Callable[[], Figure], *, slug: str, title: str, caption: str, alt: str) -> Drawing:
    """Draw a figure in the report's style and turn it into themed SVG.

    Args:
        draw: Makes the figure; called inside `plot_style`.
        slug: Anchor; also keeps the ids inside the SVG apart from those of other figures.
        title: Heading.
        caption: What to read from it.
        alt: Replacement text.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with plot_style(), mpl.rc_context({"svg.hashsalt": slug}):
        figure = draw()
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
        width = round(figure.get_size_inches()[0] * CSS_DPI)
    return Drawing(slug=slug, title=title, caption=caption, alt=alt, svg=themed(buffer.getvalue(), alt), width=width)


def themed(svg: str, alt: str) -> str:
    """A matplotlib SVG with CSS variables for its placeholder colours, fit to stand inside HTML."""
    from markupsafe import escape

    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r' id="[\w.]+_\d+"', "", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    body = re.sub(r"(\d+\.\d\d)\d+", r"\1", body)
    body = re.sub(r"font: ([^;]*?)'[^;]*sans-serif", r"font: \1sans-serif", body)
    body = re.sub(r"\s*\n\s*", "\n", body)
    view_box = re.search(r'viewBox="([^"]+)"', body)
    box = view_box.group(1) if view_box else "0 0 100 100"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}"'
    head += f' role="img" aria-label="{escape(alt)}">'
    return re.sub(r"<svg[^>]*>", lambda _: head, body, count=1)
