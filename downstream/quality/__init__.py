"""Image metrics of fused images."""
