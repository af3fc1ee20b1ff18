"""Intervals and comparisons, asked by console and report alike: see `scored` for what is known of a method's score."""
