"""The subcommands of `python -m datasets`, one file each: `add_arguments` and `run`."""
