"""The fusion knowledge prior: a pool of candidate fused images per training pair, and the search that picks one."""
