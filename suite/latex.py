"""Text that LaTeX prints as it stands: names of files and methods are not commands."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"
LATEX_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "↑": r"$\uparrow$", "↓": r"$\downarrow$", "±": r"$\pm$",
    "×": r"$\times$", "·": r"\textperiodcentered{}", MINUS: r"$-$", "<": r"\textless{}", ">": r"\textgreater{}",
    "≈": r"$\approx$", "–": "--", "[": "{[}", "]": "{]}", "\n": " ", "→": r"$\to$", "Δ": r"$\Delta$",
}  # fmt: skip


def escape_latex(text: str) -> str:
    r"""Text that LaTeX prints as it stands.

    >>> escape_latex("a_b 5 %")
    'a\\_b 5 \\%'
    """
    return "".join(LATEX_SPECIAL.get(character, character) for character in text)
