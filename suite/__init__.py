"""The ground of every package: errors, settings, command line, files, progress, device, records, statistics."""
