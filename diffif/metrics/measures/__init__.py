"""The metrics, one file each; every file defines one `METRIC`."""
