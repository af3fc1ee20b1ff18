"""Semantic segmentation on fused images."""
