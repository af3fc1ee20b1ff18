"""The subcommands of `python -m diffif`: each file declares its arguments and runs; heavy imports happen on running."""
