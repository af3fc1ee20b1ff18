"""Detection on fused images."""
