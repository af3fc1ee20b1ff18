"""Sources that are disturbed on purpose, for studies of robustness."""
