"""Intervals and paired comparisons, asked by console and report alike."""
