"""One module per command of `python -m reports`; the first line of its docstring is its help."""
