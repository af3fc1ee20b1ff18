"""The subcommands of `python -m datasets`, one file each: a settings dataclass, and `run`, which takes it."""
