"""Fusers: every way of making one image of two, behind one contract (`base.py`) and one table (`registry.py`)."""
