"""The subcommands of `python -m diffif`, one file each: a settings dataclass, and `run`, which takes it.

Heavy imports happen on running, so that --help answers at once.
"""
