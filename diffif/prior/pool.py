"""The fusers whose results are the candidates of the prior where nobody names others."""

from __future__ import annotations

DEFAULT_POOL = ("laplacian", "gff", "dtcwt", "rp", "average", "max")
"""Fusers that need no weights; earlier ones win ties."""
